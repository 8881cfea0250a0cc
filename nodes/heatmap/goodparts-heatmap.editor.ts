import type { EditorNodeProperties, EditorRED } from 'node-red'
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
    if (text.trim() === '') return true
    const zones: unknown = JSON.parse(text)
    return Array.isArray(zones) && zones.every(isZone)
  } catch {
    return false
  }
}

RED.nodes.registerType<Properties>('goodparts-heatmap', {
  category: 'Goodparts',
  color: '#C7E9C0',
  defaults: {
    name: { value: '' },
    explainGood: { value: false },
    explainReview: { value: true },
    explainReject: { value: true },
    opacity: { value: '0.6', required: true, validate: (value) => value !== '' && Number(value) >= 0 && Number(value) <= 1 },
    quality: { value: '85', required: true, validate: (value) => Number.isInteger(Number(value)) && Number(value) >= 1 && Number(value) <= 100 },
    capacity: { value: '8', required: true, validate: (value) => Number.isInteger(Number(value)) && Number(value) > 0 && Number(value) <= 1000 },
    model: { value: '', type: 'goodparts-model', required: false },
    methods: { value: '' },
    budget: { value: '3000', validate: (value) => value === '' || (Number(value) >= 1 && Number(value) <= 60_000) },
    judge: { value: true },
    zones: { value: '', validate: isZones }
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
    const choice = { value: 'methods', multiple: true, options: methods.map((method) => ({ value: method, label: method })) }
    $('#node-input-methods').typedInput({ types: [choice] })
  }
})
