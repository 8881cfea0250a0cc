/** Pictures of the kept parts of one line, newest first, one kind at a time: rejects, reviews, and those of which somebody has said what they are. */
import type { PartWord } from '../schemas/learning.ts'
import type { KeptEntry } from '../schemas/live.ts'
import { element } from './element.ts'
import { formatScore, formatMoment } from './format.ts'
import type { HeatmapSettings } from './heatmap.ts'
import { icon } from './icons.ts'
import { decodePacket } from './packet.ts'
import { Picture } from './picture.ts'
import { translate } from './texts.ts'

/** Of each verdict. */
const CAPACITY = 60
const THUMBNAIL_PX = 260
const kinds = ['reject', 'review', 'labelled'] as const
type Kind = typeof kinds[number]
const hints = { reject: ['noRejects', 'noRejectsHint'], review: ['noReviews', 'noReviewsHint'], labelled: ['noLabels', 'noLabelsHint'] } as const

export interface PartListOptions {
  heatmap: () => HeatmapSettings
  packet: (sha256: string) => Promise<ArrayBuffer | undefined>
  open: (entries: KeptEntry[], index: number) => void
  word: (eventId: string) => PartWord | undefined
}

interface Shown {
  entry: KeptEntry
  item: HTMLElement
  picture: Picture
}

export class PartList {
  readonly host: HTMLElement
  readonly #options: PartListOptions
  readonly #list = element('ul', { class: 'thumbs' })
  readonly #tabs = new Map<Kind, { tab: HTMLButtonElement, count: HTMLElement }>()
  readonly #empty = element('div', { class: 'no-rejects' })
  #kind: Kind = 'reject'
  /** Newest first. */
  #shown: Shown[] = []
  readonly #loader = new IntersectionObserver((seen) => { this.#load(seen) }, { rootMargin: '120px' })

  constructor (options: PartListOptions) {
    this.#options = options
    const tabs = element('div', { class: 'kinds', role: 'tablist', label: 'keptParts' }, ...kinds.map((kind) => this.#makeTab(kind)))
    this.host = element('section', { class: 'rejects' }, tabs, this.#empty, this.#list)
    this.#update()
  }

  /** Of every kind, newest first. */
  get entries (): KeptEntry[] {
    return this.#shown.map(({ entry }) => entry)
  }

  reset (entries: KeptEntry[]): void {
    for (const shown of [...this.#shown]) this.#remove(shown)
    for (const entry of [...entries].reverse()) this.#insert(entry)
    this.#update()
  }

  /** The same event again takes the place of the first. */
  add (entry: KeptEntry): void {
    this.#insert(entry)
    this.#update()
  }

  restyle (): void {
    for (const { picture } of this.#shown) picture.restyle(this.#options.heatmap())
  }

  /** After the language, or what was said of a part, has changed. */
  translate (): void {
    for (const shown of this.#shown) this.#caption(shown)
    this.#update()
  }

  #insert (entry: KeptEntry): void {
    const known = this.#shown.find((shown) => shown.entry.record.eventId === entry.record.eventId)
    if (known !== undefined) this.#remove(known)
    const shown = this.#make(entry)
    this.#shown.unshift(shown)
    this.#list.prepend(shown.item)
    this.#loader.observe(shown.item)
    for (const old of this.#shown.filter((other) => other.entry.record.verdict === entry.record.verdict).slice(CAPACITY)) this.#remove(old)
  }

  #remove (shown: Shown): void {
    this.#loader.unobserve(shown.item)
    shown.item.remove()
    this.#shown.splice(this.#shown.indexOf(shown), 1)
  }

  #makeTab (kind: Kind): HTMLElement {
    const count = element('span', { class: 'badge' })
    const tab = element('button', { type: 'button', role: 'tab', 'data-kind': kind }, element('span', { text: `${kind}Parts` }), count)
    tab.addEventListener('click', () => {
      this.#kind = kind
      this.#update()
    })
    this.#tabs.set(kind, { tab, count })
    return tab
  }

  #isOf ({ entry: { record } }: Shown, kind: Kind): boolean {
    return kind === 'labelled' ? this.#options.word(record.eventId) !== undefined : record.verdict === kind
  }

  #make (entry: KeptEntry): Shown {
    const picture = new Picture(this.#options.heatmap(), THUMBNAIL_PX)
    const item = element('li', {}, element('button', { type: 'button', class: 'thumb' }, picture.canvas, element('span', { class: 'thumb-text' })))
    const shown = { entry, item, picture }
    item.firstElementChild?.addEventListener('click', () => {
      const alike = this.#shown.filter((other) => this.#isOf(other, this.#kind))
      this.#options.open(alike.map((other) => other.entry), alike.indexOf(shown))
    })
    this.#caption(shown)
    return shown
  }

  #caption ({ entry: { record }, item }: Shown): void {
    const button = item.querySelector('button')
    const text = item.querySelector('.thumb-text')
    const score = record.score === null ? '' : formatScore(record.score)
    const word = this.#options.word(record.eventId)
    const said = word === undefined ? [] : [element('span', { class: 'thumb-word', 'data-verdict': word.label === 'good' ? 'good' : 'reject' }, icon(word.label === 'good' ? 'good' : 'reject'), word.label === 'good' ? translate('good') : word.label)]
    item.dataset.verdict = record.verdict
    text?.replaceChildren(...said, element('b', {}, score), element('time', { datetime: record.times.captured }, formatMoment(record.times.captured)))
    const what = [translate(record.verdict), translate('scoreOf', { score }), formatMoment(record.times.captured), word === undefined ? '' : word.label === 'good' ? translate('saidGood') : translate('saidDefect', { type: word.label })]
    button?.setAttribute('aria-label', `${translate('openPart')}: ${what.filter((part) => part !== '').join(', ')}`)
  }

  #update (): void {
    for (const [kind, { tab, count }] of this.#tabs) {
      const number = this.#shown.filter((shown) => this.#isOf(shown, kind)).length
      count.textContent = String(number)
      count.title = number === 1 ? translate('pictureOne') : translate('pictures', { count: number })
      count.hidden = number === 0
      tab.setAttribute('aria-selected', String(kind === this.#kind))
    }
    let visible = 0
    for (const shown of this.#shown) {
      shown.item.hidden = !this.#isOf(shown, this.#kind)
      if (!shown.item.hidden) visible++
    }
    const [title, hint] = hints[this.#kind]
    this.#empty.replaceChildren(icon('good'), element('strong', { text: title }), element('span', { text: hint }))
    this.#empty.hidden = visible > 0
  }

  #load (seen: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue
      this.#loader.unobserve(target)
      const shown = this.#shown.find(({ item }) => item === target)
      if (shown !== undefined) this.#fetch(shown).catch(() => { shown.item.classList.add('gone') })
    }
  }

  async #fetch ({ entry, item, picture }: Shown): Promise<void> {
    const bytes = await this.#options.packet(entry.sha256)
    if (bytes === undefined) item.classList.add('gone')
    else await picture.show(decodePacket(bytes))
  }
}
