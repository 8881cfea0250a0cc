import type { EditorNodeProperties, EditorRED } from 'node-red'

declare const RED: EditorRED

interface Properties extends EditorNodeProperties {
  content: string
  format: string
  quality: string
  capacity: string
}

RED.nodes.registerType<Properties>('goodparts-image-out', {
  category: 'Goodparts',
  color: '#C7E9C0',
  defaults: {
    name: { value: '' },
    content: { value: 'frame', required: true },
    format: { value: 'jpeg', required: true },
    quality: { value: '85', required: true, validate: (value) => Number(value) >= 1 && Number(value) <= 100 },
    capacity: { value: '16', required: true, validate: (value) => Number.isInteger(Number(value)) && Number(value) > 0 }
  },
  inputs: 1,
  outputs: 1,
  icon: 'goodparts-image-out.svg',
  label () { return this.name || 'image out' },
  paletteLabel: 'image out',
  labelStyle () { return this.name ? 'node_label_italic' : '' },
  inputLabels () { return this._('goodparts-image-out.port.frame') },
  outputLabels () { return this._('goodparts-image-out.port.picture') },
  oneditprepare () {
    const showQuality = (): void => { $('.goodparts-image-out-quality').toggle($('#node-input-format').val() === 'jpeg') }
    $('#node-input-format').on('change', showQuality)
    showQuality()
  }
})
