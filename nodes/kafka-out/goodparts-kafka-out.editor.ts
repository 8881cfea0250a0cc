import type { EditorNodeProperties, EditorRED } from 'node-red'

declare const RED: EditorRED

interface Properties extends EditorNodeProperties {
  sink: string
  broker: string
  topic: string
  key: string
  value: string
  path: string
  spoolFolder: string
  maximumRecords: number
  maximumSize: number
}

RED.nodes.registerType<Properties>('goodparts-kafka-out', {
  category: 'Goodparts',
  color: '#C7E9C0',
  defaults: {
    name: { value: '' },
    sink: { value: 'kafka', required: true },
    broker: {
      value: '',
      type: 'goodparts-kafka-broker',
      required: false,
      validate: function (value: string) { return this.sink === 'file' || (value !== '' && value !== '_ADD_') }
    },
    topic: { value: 'goodparts.inspections', validate: function (value: string) { return this.sink === 'file' || /^([a-zA-Z0-9._-]{1,249}|\$\{.+\})$/.test(value) } },
    key: { value: '' },
    value: { value: 'inspection' },
    path: { value: '' },
    spoolFolder: { value: '' },
    maximumRecords: { value: 1000000, required: true, validate: (value: string) => Number(value) > 0 || value.startsWith('${') },
    maximumSize: { value: 1024, required: true, validate: (value: string) => Number(value) > 0 || value.startsWith('${') }
  },
  inputs: 1,
  outputs: 0,
  align: 'right',
  icon: 'goodparts-kafka-out.svg',
  paletteLabel: 'kafka out',
  label: function () { return this.name || (this.sink === 'file' ? this.path || 'kafka out' : this.topic) },
  labelStyle: function () { return this.name ? 'node_label_italic' : '' },
  oneditprepare: function () {
    const show = (): void => {
      const toFile = $('#node-input-sink').val() === 'file'
      $('.goodparts-kafka-out-file').toggle(toFile)
      $('.goodparts-kafka-out-kafka').toggle(!toFile)
    }
    $('#node-input-sink').on('change', show)
    show()
  }
})
