import type { EditorNodeProperties, EditorRED } from 'node-red'

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

/** A site's value from the environment stays as it is written. */
const isVariable = (value: string): boolean => value.startsWith('${')
const isWhole = (value: string): boolean => isVariable(value) || (Number.isInteger(Number(value)) && Number(value) >= 1)
const ports = ['good', 'review', 'reject', 'notInspected']

RED.nodes.registerType<Properties>('goodparts-score', {
  category: 'Goodparts',
  color: '#C7E9C0',
  defaults: {
    name: { value: '' },
    model: { value: '', type: 'goodparts-model', required: true },
    line: { value: 'line-1' },
    product: { value: '' },
    deadline: { value: '1000', validate: (value: string) => value === '' || isVariable(value) || Number(value) >= 0 },
    policy: { value: 'newest', required: true },
    capacity: { value: '4', required: true, validate: isWhole },
    batch: { value: '1', required: true, validate: isWhole }
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
