import type { EditorNodeProperties, EditorRED } from 'node-red'
import { checksOf, numberFrom, orNothing, wholeFrom, type Expectation } from '../shared/editor/reasons.ts'
import { isZone } from './zone-form.ts'

declare const RED: EditorRED

interface Properties extends EditorNodeProperties {
  explainGood: boolean
  explainReview: boolean
  explainReject: boolean
  opacity: string
  quality: string
  capacity: string
  model: string
  methods: string
  budget: string
  judge: boolean
  zones: string
}

/** The cheapest first. */
const methods = ['grad-cam', 'grad-cam++', 'layer-cam', 'score-cam', 'ada-sise', 'sise', 'occlusion', 'rise']

/** As the node reads them. */
function isZones (text: string): boolean {
  try {
    if (text === '') return true
    const zones: unknown = JSON.parse(text)
    return Array.isArray(zones) && zones.every(isZone)
  } catch {
    return false
  }
}

/** Of the node whose form is open. */
let opened: string | undefined

/** In an open form as it is chosen there, before it is saved. */
function asksMethods ({ id, methods }: { id?: string, methods?: string }): boolean {
  const chosen = opened !== undefined && id === opened ? $('#node-input-methods').val() : methods
  return ![undefined, ''].includes(chosen as string | undefined)
}

/** As the editor itself takes what names a configuration node; a check of ours stands in place of its own. */
function isModel (id: string): boolean {
  const found = RED.nodes.node(id) as { valid?: boolean } | null | undefined
  return found !== null && found !== undefined && found.valid !== false
}

/** The value for none, saved and in the open form. */
const noModel = ['', '_ADD_']

function modelFor (node: Properties): Expectation {
  return asksMethods(node) ? { holds: isModel, text: 'model' } : { holds: (id) => noModel.includes(id) || isModel(id), text: 'configured' }
}

function close (): void {
  opened = undefined
}

const check = checksOf<Properties>('goodparts-heatmap')

RED.nodes.registerType<Properties>('goodparts-heatmap', {
  category: 'Goodparts',
  color: '#C7E9C0',
  defaults: {
    name: { value: '' },
    explainGood: { value: false },
    explainReview: { value: true },
    explainReject: { value: true },
    opacity: { value: '0.6', validate: check('opacity', numberFrom(0, 1)) },
    quality: { value: '85', validate: check('quality', wholeFrom(1, 100)) },
    capacity: { value: '8', validate: check('capacity', wholeFrom(1, 1000)) },
    model: { value: '', type: 'goodparts-model', validate: check('model', modelFor) },
    methods: { value: '' },
    budget: { value: '3000', validate: check('budget', orNothing(numberFrom(1, 60_000))) },
    judge: { value: true },
    zones: { value: '', validate: check('zones', { holds: isZones, text: 'zones' }) }
  },
  inputs: 1,
  outputs: 2,
  icon: 'goodparts-heatmap.svg',
  label () { return this.name || 'heatmap' },
  paletteLabel: 'heatmap',
  labelStyle () { return this.name ? 'node_label_italic' : '' },
  inputLabels () { return this._('goodparts-heatmap.port.verdict') },
  outputLabels (index) { return this._(`goodparts-heatmap.port.${index === 0 ? 'explained' : 'methods'}`) },
  oneditprepare () {
    opened = this.id
    const choice = { value: 'methods', multiple: true, options: methods.map((method) => ({ value: method, label: method })) }
    $('#node-input-methods').typedInput({ types: [choice] })
  },
  oneditsave: close,
  oneditcancel: close,
  oneditdelete: close
})
