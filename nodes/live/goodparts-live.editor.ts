import type { EditorNodeProperties, EditorRED } from 'node-red'

declare const RED: EditorRED

interface Properties extends EditorNodeProperties {
  server: string
  line: string
}

RED.nodes.registerType<Properties>('goodparts-live', {
  category: 'Goodparts',
  color: '#C7E9C0',
  defaults: {
    name: { value: '' },
    server: { value: '', type: 'goodparts-live-server', required: true },
    line: { value: '' }
  },
  inputs: 1,
  outputs: 1,
  icon: 'goodparts-live.svg',
  paletteLabel: 'live',
  label: function () { return this.name || this.line || 'live' },
  labelStyle: function () { return this.name ? 'node_label_italic' : '' },
  inputLabels: function () { return this._('goodparts-live.port.input') },
  outputLabels: function () { return this._('goodparts-live.port.said') }
})
