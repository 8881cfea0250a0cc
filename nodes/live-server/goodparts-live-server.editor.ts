import type { EditorNodeProperties, EditorRED } from 'node-red'
import { isLoopback, pageAddress } from '../shared/editor/page-address.ts'

declare const RED: EditorRED

const history = { historyFolder: 'goodparts/history', historyInspections: '10000', historySize: '512' }

interface Properties extends EditorNodeProperties {
  host: string
  port: string
  framesPerSecond: string
  jpegQuality: string
  historyFolder?: string
  historyInspections?: string
  historySize?: string
  tls: string
}

RED.nodes.registerType<Properties, { viewerToken: string, operatorToken: string, engineerToken: string }>('goodparts-live-server', {
  category: 'config',
  defaults: {
    name: { value: '' },
    host: { value: '127.0.0.1', required: true },
    port: { value: '8765', required: true, validate: (value: string) => value.startsWith('${') || (Number.isInteger(Number(value)) && Number(value) > 0 && Number(value) < 65536) },
    framesPerSecond: { value: '12', required: true, validate: (value: string) => Number(value) >= 1 && Number(value) <= 60 },
    jpegQuality: { value: '80', required: true, validate: (value: string) => Number(value) >= 1 && Number(value) <= 100 },
    historyFolder: { value: history.historyFolder },
    historyInspections: { value: history.historyInspections, validate: (value?: string) => isCount(value) },
    historySize: { value: history.historySize, validate: (value?: string) => isCount(value) },
    tls: { value: '', type: 'tls-config', required: false }
  },
  credentials: {
    viewerToken: { type: 'password' },
    operatorToken: { type: 'password' },
    engineerToken: { type: 'password' }
  },
  label: function () { return this.name || `${this.host}:${this.port}` },
  oneditprepare: function () {
    const host = $('#node-config-input-host')
    const port = $('#node-config-input-port')
    const tls = $('#node-config-input-tls')
    const show = (): void => {
      const name = String(host.val())
      const address = pageAddress({ host: name, port: String(port.val()), tls: tls.val() as string | undefined }, location.hostname)
      $('#goodparts-live-server-address').attr('href', address).text(address)
      $('#goodparts-live-server-open').toggle(!isLoopback(name))
    }
    host.add(port).on('input', show)
    tls.on('change', show)
    show()
    // A server of an older flow keeps its rejects too, until somebody empties the field.
    for (const [name, value] of Object.entries(history)) if (this[name as keyof typeof history] === undefined) $(`#node-config-input-${name}`).val(value)
    const folder = $('#node-config-input-historyFolder')
    const showHistory = (): void => { $('.goodparts-live-server-history').toggle(String(folder.val()).trim() !== '') }
    folder.on('input', showHistory)
    showHistory()
  }
})

/** Flows of before have no value. */
function isCount (value: string | undefined): boolean {
  return value === undefined || (Number.isInteger(Number(value)) && Number(value) >= 1)
}
