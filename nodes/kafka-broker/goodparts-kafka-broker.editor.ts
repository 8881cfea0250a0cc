import type { EditorNodeProperties, EditorRED } from 'node-red'

declare const RED: EditorRED

interface Properties extends EditorNodeProperties {
  brokers: string
  clientId: string
  useTls: boolean
  tls: string
  mechanism: string
}

RED.nodes.registerType<Properties, { user: string, password: string }>('goodparts-kafka-broker', {
  category: 'config',
  defaults: {
    name: { value: '' },
    brokers: { value: '127.0.0.1:9092', required: true, validate: (value: string) => /^[^\s,]+:\d+(\s*,\s*[^\s,]+:\d+)*$/.test(value) || value.startsWith('${') },
    clientId: { value: 'goodparts', required: true },
    useTls: { value: false },
    tls: { value: '', type: 'tls-config', required: false },
    mechanism: { value: 'none' }
  },
  credentials: {
    user: { type: 'text' },
    password: { type: 'password' }
  },
  label: function () { return this.name || this.brokers },
  oneditprepare: function () {
    const showTls = (): void => { $('.goodparts-kafka-broker-tls').toggle($('#node-config-input-useTls').is(':checked')) }
    const showSasl = (): void => { $('.goodparts-kafka-broker-sasl').toggle($('#node-config-input-mechanism').val() !== 'none') }
    $('#node-config-input-useTls').on('change', showTls)
    $('#node-config-input-mechanism').on('change', showSasl)
    showTls()
    showSasl()
  }
})
