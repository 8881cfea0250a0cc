import type { EditorNodeProperties, EditorRED } from 'node-red'

declare const RED: EditorRED

interface Properties extends EditorNodeProperties {
  broker: string
  topic: string
  group: string
  from: string
  content: string
}

RED.nodes.registerType<Properties>('goodparts-kafka-in', {
  category: 'Goodparts',
  color: '#C7E9C0',
  defaults: {
    name: { value: '' },
    broker: { value: '', type: 'goodparts-kafka-broker', required: true },
    topic: { value: 'goodparts.labels', required: true, validate: (value: string) => /^\s*([a-zA-Z0-9._-]{1,249}|\$\{.+\})(\s*,\s*([a-zA-Z0-9._-]{1,249}|\$\{.+\}))*\s*$/.test(value) },
    group: { value: '' },
    from: { value: 'earliest', required: true },
    content: { value: 'label', required: true }
  },
  inputs: 0,
  outputs: 1,
  icon: 'goodparts-kafka-in.svg',
  paletteLabel: 'kafka in',
  label: function () { return this.name || this.topic || 'kafka in' },
  labelStyle: function () { return this.name ? 'node_label_italic' : '' }
})
