import type { EditorNodeProperties, EditorRED } from 'node-red'
import { checksOf, numberFrom, orNothing, wholeFrom } from '../shared/editor/reasons.ts'

declare const RED: EditorRED

interface Properties extends EditorNodeProperties {
  model: string
  line: string
  product: string
  deadline: string
  policy: string
  capacity: string
  batch: string
}

const ports = ['good', 'review', 'reject', 'notInspected']

const check = checksOf<Properties>('goodparts-score')

RED.nodes.registerType<Properties>('goodparts-score', {
  category: 'Goodparts',
  color: '#C7E9C0',
  defaults: {
    name: { value: '' },
    model: { value: '', type: 'goodparts-model', required: true },
    line: { value: 'line-1' },
    product: { value: '' },
    deadline: { value: '1000', validate: check('deadline', orNothing(numberFrom(0))) },
    policy: { value: 'newest', required: true },
    capacity: { value: '4', validate: check('capacity', wholeFrom(1)) },
    batch: { value: '1', validate: check('batch', wholeFrom(1)) }
  },
  inputs: 1,
  outputs: 4,
  icon: 'goodparts-score.svg',
  paletteLabel: 'score',
  label () { return this.name || this.line || 'score' },
  labelStyle () { return this.name ? 'node_label_italic' : '' },
  inputLabels () { return this._('goodparts-score.port.frame') },
  outputLabels (index) { return this._(`goodparts-score.port.${ports[index] ?? ''}`) }
})
