import type { EditorNodeProperties, EditorRED } from 'node-red'
import { pageAddress, type PagePlace } from '../shared/editor/page-address.ts'
import { ContactSheetView } from './editor/contact-sheet-view.ts'
import { sheetRequests } from './editor/sheet-requests.ts'
import type { SheetTexts } from './editor/sheet-texts.ts'
import { checksOf, numberFrom, orNothing, wholeFrom } from '../shared/editor/reasons.ts'

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

/** Of the dialog that is open. */
let sheet: ContactSheetView | undefined

function closeSheet (): void {
  sheet?.close()
  sheet = undefined
}

const check = checksOf<Properties>('goodparts-replay-buffer')

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
    memory: { value: '200', validate: check('memory', wholeFrom(20)) },
    bytes: { value: '500', validate: check('bytes', numberFrom(1)) },
    mode: { value: 'extend', required: true },
    updateAfter: { value: '0', validate: check('updateAfter', wholeFrom(0)) },
    interval: { value: '', validate: check('interval', orNothing(numberFrom(0))) },
    driftRate: { value: '1000', validate: check('driftRate', numberFrom(2)) },
    seed: { value: '0', validate: check('seed', wholeFrom(0)) }
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
      // Of none it says undefined, and its types say nothing of that.
      const place = RED.nodes.node(String(server.val())) as unknown as PagePlace | null | undefined ?? null
      const link = $('#goodparts-replay-buffer-page').toggle(place !== null)
      if (place !== null) link.attr('href', pageAddress(place, location.hostname))
    }
    server.on('change', showPage)
    showPage()
    closeSheet()
    const texts: SheetTexts = { translate: (key, values) => this._(`goodparts-replay-buffer.sheet.${key}`, values), isKorean: RED.i18n.lang().startsWith('ko') }
    sheet = new ContactSheetView({
      host: $('#goodparts-replay-buffer-sheet'),
      state: $('#goodparts-replay-buffer-state'),
      problem: $('#goodparts-replay-buffer-problem'),
      fileName: `${this.name || this.id}-exemplars`
    }, sheetRequests(this.id), texts)
    sheet.show()
  },
  oneditsave: closeSheet,
  oneditcancel: closeSheet,
  oneditdelete: closeSheet
})
