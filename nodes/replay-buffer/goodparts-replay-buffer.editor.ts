import type { EditorNodeProperties, EditorRED } from 'node-red'
import { pageAddress, type PagePlace } from '../shared/editor/page-address.ts'

declare const RED: EditorRED

interface Properties extends EditorNodeProperties {
  model: string
  server?: string
  line?: string
  product: string
  policy: string
  memory: string
  bytes: string
  mode: string
  updateAfter: string
  interval: string
  driftRate: string
  seed: string
}

/** Of `schemas/learning.ts`, what is shown here. */
interface ContactSheet {
  state: { waiting: number, last: { reasons: string[] } | null }
  memory: Array<{ sha256: string, label: string, text: string, snnl: number | null }>
}

/** A site's value from the environment stays as it is written. */
const isVariable = (value: string): boolean => value.startsWith('${')
const isWholeFrom = (least: number) => (value: string): boolean => isVariable(value) || (value !== '' && Number.isInteger(Number(value)) && Number(value) >= least)

/** Pictures that the dialog shows at most. */
const mostShown = 60

async function showContactSheet (id: string, translate: (key: string, values?: Record<string, string | number>) => string): Promise<void> {
  const sheet = await $.getJSON(`goodparts/replay-buffer/${id}/exemplars`) as ContactSheet
  const reasons = sheet.state.last?.reasons ?? []
  $('#goodparts-replay-buffer-gate').text(reasons.length === 0 ? translate('goodparts-replay-buffer.sheet.kept', { kept: sheet.memory.length, waiting: sheet.state.waiting }) : reasons.join('; '))
  $('#goodparts-replay-buffer-sheet').empty().append(sheet.memory.slice(0, mostShown).map(({ sha256, label, text, snnl }) => {
    const said = `${label}\n${text}${snnl === null ? '' : `\nSNNL ${snnl.toFixed(2)}`}\n${sha256}`
    return $('<figure style="margin: 0 6px 6px 0; width: 84px; display: inline-block; vertical-align: top">').attr('title', said).append(
      $('<img style="width: 84px; height: 84px; object-fit: contain; background: #8882">').attr('src', `goodparts/replay-buffer/${id}/picture/${sha256}`).attr('alt', label),
      $('<figcaption style="font-size: 11px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap">').text(label))
  }))
}

RED.nodes.registerType<Properties>('goodparts-replay-buffer', {
  category: 'Goodparts',
  color: '#C7E9C0',
  defaults: {
    name: { value: '' },
    model: { value: '', type: 'goodparts-model', required: true },
    product: { value: '' },
    server: { value: '', type: 'goodparts-live-server', required: false },
    line: { value: '' },
    policy: { value: 'snnl-preserving', required: true },
    memory: { value: '200', required: true, validate: isWholeFrom(20) },
    bytes: { value: '500', required: true, validate: isWholeFrom(1) },
    mode: { value: 'extend', required: true },
    updateAfter: { value: '0', required: true, validate: isWholeFrom(0) },
    interval: { value: '', validate: (value: string) => value === '' || isVariable(value) || Number(value) >= 0 },
    driftRate: { value: '1000', required: true, validate: isWholeFrom(2) },
    seed: { value: '0', required: true, validate: isWholeFrom(0) }
  },
  inputs: 1,
  outputs: 3,
  icon: 'goodparts-replay-buffer.svg',
  paletteLabel: 'replay buffer',
  label () { return this.name || 'replay buffer' },
  labelStyle () { return this.name ? 'node_label_italic' : '' },
  inputLabels () { return this._('goodparts-replay-buffer.port.part') },
  outputLabels (index) { return this._(['goodparts-replay-buffer.port.update', 'goodparts-replay-buffer.port.event', 'goodparts-replay-buffer.port.relabel'][index] ?? '') },
  oneditprepare () {
    const server = $('#node-input-server')
    const showPage = (): void => {
      const place = RED.nodes.node(String(server.val())) as unknown as PagePlace | null
      const link = $('#goodparts-replay-buffer-page').toggle(place !== null)
      if (place !== null) link.attr('href', pageAddress(place, location.hostname))
    }
    server.on('change', showPage)
    showPage()
    showContactSheet(this.id, (key, values) => this._(key, values)).catch(() => { $('#goodparts-replay-buffer-gate').text(this._('goodparts-replay-buffer.sheet.none')) })
  }
})
