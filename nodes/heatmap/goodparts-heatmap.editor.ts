import type { EditorNodeProperties, EditorRED } from 'node-red'

declare const RED: EditorRED

interface Properties extends EditorNodeProperties {
  explainGood: boolean
  explainReview: boolean
  explainReject: boolean
  opacity: string
  quality: string
  capacity: string
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
    quality: { value: '85', required: true, validate: (value) => Number(value) >= 1 && Number(value) <= 100 },
    capacity: { value: '8', required: true, validate: (value) => Number.isInteger(Number(value)) && Number(value) > 0 }
  },
  inputs: 1,
  outputs: 1,
  icon: 'goodparts-heatmap.svg',
  label () { return this.name || 'heatmap' },
  paletteLabel: 'heatmap',
  labelStyle () { return this.name ? 'node_label_italic' : '' },
  inputLabels () { return this._('goodparts-heatmap.port.verdict') },
  outputLabels () { return this._('goodparts-heatmap.port.explained') }
})
