/** One part, large, with its record and what people say of it. Arrow keys go to newer and older ones. */
import type { InspectionRecord } from '../schemas/inspection.ts'
import type { LiveExplanation, LiveExplanations, KeptEntry } from '../schemas/live.ts'
import { element } from './element.ts'
import { Explanations, withMap } from './explanations.ts'
import { formatDateTime, formatScore } from './format.ts'
import type { HeatmapSettings } from './heatmap.ts'
import { icon } from './icons.ts'
import { decodePacket, type Packet } from './packet.ts'
import { Picture } from './picture.ts'
import { regionsText } from './regions.ts'
import { reasonText, translate, type TextKey } from './texts.ts'
import { WordBar, type WordDesk } from './word-bar.ts'

export interface PartSource {
  packet: (sha256: string) => Promise<ArrayBuffer | undefined>
  explanations: (line: string, eventId: string) => Promise<LiveExplanations | undefined>
  /** Rejects with the server's own words. */
  explain: (line: string, eventId: string, methods: string[]) => Promise<void>
  words: WordDesk
}

export class PartDialog {
  readonly dialog: HTMLDialogElement
  readonly #source: PartSource
  readonly #explanations = new Explanations({
    changed: (explanation) => {
      this.#showFacts(explanation)
      this.#paint(explanation).catch(() => {})
    },
    ask: async (methods) => this.#askFor(methods)
  })

  readonly #picture: Picture
  readonly #title = element('h2', { class: 'verdict-text' })
  readonly #facts = element('dl', { class: 'facts' })
  readonly #gone = element('p', { class: 'gone-text', text: 'gone', hidden: true })
  readonly #newer = element('button', { type: 'button', class: 'quiet', label: 'previous' }, icon('previous'))
  readonly #older = element('button', { type: 'button', class: 'quiet', label: 'next' }, icon('next'))
  readonly #save = element('button', { type: 'button', class: 'quiet with-text', label: 'save' }, icon('save'), element('span', { text: 'save' }))
  readonly #words: WordBar
  #entries: KeptEntry[] = []
  #index = 0
  #packet: Packet | undefined
  #isChecking = false
  /** Times that the server was asked for explanations, and the latest of them whose answer is shown. */
  #asked = 0
  #answered = 0

  constructor (settings: HeatmapSettings, source: PartSource) {
    this.#source = source
    this.#picture = new Picture(settings)
    this.#words = new WordBar(source.words)
    const close = element('button', { type: 'button', class: 'quiet', label: 'close' }, icon('close'))
    close.addEventListener('click', () => { this.dialog.close() })
    this.#newer.addEventListener('click', () => { this.#go(-1) })
    this.#older.addEventListener('click', () => { this.#go(1) })
    this.#save.addEventListener('click', () => { this.#download() })
    this.dialog = element('dialog', { class: 'part-dialog', tabindex: '-1' },
      element('header', {}, this.#title, element('span', { class: 'space' }), this.#explanations.chooser, this.#save, this.#newer, this.#older, close),
      element('div', { class: 'part-body' }, element('div', { class: 'picture' }, this.#picture.canvas, this.#gone), element('div', { class: 'part-side' }, this.#words.host, this.#explanations.host, this.#explanations.evidence, this.#facts)))
    this.dialog.addEventListener('keydown', (event) => {
      if (event.target === this.#explanations.choice || event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return
      if (this.#words.key(event.key)) event.preventDefault()
      if (event.key === 'ArrowLeft') this.#go(-1)
      if (event.key === 'ArrowRight') this.#go(1)
    })
    this.dialog.addEventListener('click', (event) => { if (event.target === this.dialog) this.dialog.close() })
  }

  open (entries: KeptEntry[], index: number): void {
    this.#entries = entries
    this.#index = index
    // Hidden until there is a choice, so that opening does not put the focus, and with it the arrow keys, there.
    this.#explanations.chooser.hidden = true
    if (!this.dialog.open) this.dialog.showModal()
    this.#render()
  }

  /** Explanations of a part came in: of the one that is shown, perhaps. */
  explained (line: string, eventId: string): void {
    const entry = this.#entries[this.#index]
    if (entry?.line === line && entry.record.eventId === eventId) this.refresh()
  }

  /** What is known of the explanations may have changed unheard. */
  refresh (): void {
    const entry = this.#entries[this.#index]
    if (this.dialog.open && entry !== undefined) this.#explain(entry).catch(() => {})
  }

  /** Called once a second: what keeps the part from being explained may have passed. */
  checkObstacle (): void {
    const { obstacle, mayPass } = this.#explanations
    const entry = this.#entries[this.#index]
    if (!this.dialog.open || entry === undefined || !mayPass || this.#isChecking) return
    this.#isChecking = true
    // A list that is open would close with every answer.
    this.#explain(entry, ({ offer }) => offer.obstacle !== obstacle).catch(() => {}).finally(() => { this.#isChecking = false })
  }

  /** Somebody has said something of a part, or the line's replay buffer has changed. */
  said (): void {
    if (this.dialog.open) this.#words.render()
  }

  restyle (settings: HeatmapSettings): void {
    this.#picture.restyle(settings)
  }

  #go (step: number): void {
    this.#index = Math.min(this.#entries.length - 1, Math.max(0, this.#index + step))
    this.#render()
  }

  #render (): void {
    const entry = this.#entries[this.#index]
    if (entry === undefined) return
    this.#newer.disabled = this.#index === 0
    this.#older.disabled = this.#index === this.#entries.length - 1
    const { record } = entry
    this.#title.dataset.verdict = record.verdict
    this.#title.replaceChildren(icon(record.verdict), `${translate(record.verdict)} · ${entry.line}`)
    this.#words.show(entry)
    // The former part must not stand there under this one's name.
    this.#packet = undefined
    this.#picture.clear()
    this.#gone.hidden = true
    this.#save.disabled = true
    this.#explanations.clear()
    this.#keepFocus()
    this.#load(entry).catch(() => { if (entry === this.#entries[this.#index]) this.#gone.hidden = false })
      .then(async () => this.#explain(entry)).catch(() => {})
  }

  /** The regions are those of the map that is shown. */
  #showFacts (explanation: LiveExplanation | null): void {
    const entry = this.#entries[this.#index]
    if (entry !== undefined) this.#facts.replaceChildren(...facts(entry.record, explanation).flatMap(([key, value]) => [element('dt', { text: key }), element('dd', {}, value)]))
  }

  /** A button that had the focus and is disabled now would swallow the keys. */
  #keepFocus (): void {
    const focused = document.activeElement
    if (focused === document.body || (focused instanceof HTMLButtonElement && focused.disabled)) this.dialog.focus()
  }

  async #explain (entry: KeptEntry, isNews: (found: LiveExplanations) => boolean = () => true): Promise<void> {
    const asked = ++this.#asked
    const found = await this.#source.explanations(entry.line, entry.record.eventId)
    // An answer that was longer on its way than one that was asked for later says what was so before.
    if (entry !== this.#entries[this.#index] || found === undefined || asked < this.#answered || !isNews(found)) return
    this.#answered = asked
    this.#explanations.show(found, { isGood: entry.record.verdict === 'good' })
  }

  /** What becomes of it comes by itself; that it is on its way is said at once. */
  async #askFor (methods: string[]): Promise<void> {
    const entry = this.#entries[this.#index]
    if (entry === undefined) return
    await this.#source.explain(entry.line, entry.record.eventId, methods)
    await this.#explain(entry)
  }

  async #paint (explanation: LiveExplanation | null): Promise<void> {
    if (this.#packet !== undefined) await this.#picture.show(withMap(this.#packet, explanation))
  }

  async #load (entry: KeptEntry): Promise<void> {
    const bytes = await this.#source.packet(entry.sha256)
    if (entry !== this.#entries[this.#index]) return
    this.#gone.hidden = bytes !== undefined
    this.#packet = bytes === undefined ? undefined : decodePacket(bytes)
    this.#save.disabled = this.#packet === undefined
    this.#keepFocus()
    if (this.#packet !== undefined) await this.#picture.show(this.#packet)
  }

  #download (): void {
    if (this.#packet === undefined) return
    const { record, frame } = this.#packet.header
    const address = URL.createObjectURL(new Blob([this.#packet.jpeg], { type: 'image/jpeg' }))
    element('a', { href: address, download: `${(record?.partId ?? frame.id).replace(/[^\w.-]+/g, '_')}.jpg` }).click()
    URL.revokeObjectURL(address)
  }
}

function facts (record: InspectionRecord, explanation: LiveExplanation | null): Array<[TextKey, string]> {
  const rows: Array<[TextKey, string | null]> = [
    ['score', record.score === null ? null : formatScore(record.score)],
    ['reviewLimit', record.limits === null ? null : formatScore(record.limits.review)],
    ['rejectLimit', record.limits === null ? null : formatScore(record.limits.reject)],
    ['pValue', record.pValue === null ? null : record.pValue.toPrecision(2)],
    ['reason', reasonText(record.reason.code)],
    ['partId', record.partId],
    ['product', record.product],
    ['captured', formatDateTime(record.times.captured)],
    ['frame', `${record.frame.source} #${record.frame.sequence} · ${record.frame.width} × ${record.frame.height}`],
    ['model', record.bundle === null ? null : `${record.bundle.family} ${record.bundle.id}`],
    ['regions', regionsText((explanation ?? record).regions) || (explanation === null ? null : translate('noRegions'))]
  ]
  return rows.filter((row): row is [TextKey, string] => row[1] !== null)
}
