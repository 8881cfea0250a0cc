/** Pictures of the last rejects of one line, newest first. */
import type { RejectEntry } from '../schemas/live.ts'
import { element } from './element.ts'
import { formatScore, formatMoment } from './format.ts'
import type { HeatmapSettings } from './heatmap.ts'
import { icon } from './icons.ts'
import { decodePacket } from './packet.ts'
import { Picture } from './picture.ts'
import { translate } from './texts.ts'

const CAPACITY = 60
const THUMBNAIL_PX = 260

export interface RejectListOptions {
  heatmap: () => HeatmapSettings
  packet: (sha256: string) => Promise<ArrayBuffer | undefined>
  open: (entries: RejectEntry[], index: number) => void
}

interface Shown {
  entry: RejectEntry
  item: HTMLElement
  picture: Picture
}

export class RejectList {
  readonly host: HTMLElement
  readonly #options: RejectListOptions
  readonly #list = element('ul', { class: 'thumbs' })
  readonly #count = element('span', { class: 'badge' })
  readonly #empty: HTMLElement
  #shown: Shown[] = []
  readonly #loader = new IntersectionObserver((seen) => { this.#load(seen) }, { rootMargin: '120px' })

  constructor (options: RejectListOptions) {
    this.#options = options
    this.#empty = element('div', { class: 'no-rejects' }, icon('good'), element('strong', { text: 'noRejects' }), element('span', { text: 'noRejectsHint' }))
    this.host = element('section', { class: 'rejects' }, element('h3', {}, element('span', { text: 'rejects' }), this.#count), this.#empty, this.#list)
    this.#update()
  }

  reset (entries: RejectEntry[]): void {
    this.#shown.forEach(({ item }) => { this.#loader.unobserve(item) })
    this.#list.replaceChildren()
    this.#shown = []
    for (const entry of [...entries].reverse()) this.add(entry)
    this.#update()
  }

  add (entry: RejectEntry): void {
    const shown = this.#make(entry)
    this.#shown.unshift(shown)
    this.#list.prepend(shown.item)
    this.#loader.observe(shown.item)
    for (const old of this.#shown.splice(CAPACITY)) {
      this.#loader.unobserve(old.item)
      old.item.remove()
    }
    this.#update()
  }

  restyle (): void {
    for (const { picture } of this.#shown) picture.restyle(this.#options.heatmap())
  }

  translate (): void {
    for (const shown of this.#shown) this.#caption(shown)
    this.#update()
  }

  #make (entry: RejectEntry): Shown {
    const picture = new Picture(this.#options.heatmap(), THUMBNAIL_PX)
    const item = element('li', {}, element('button', { type: 'button', class: 'thumb' }, picture.canvas, element('span', { class: 'thumb-text' })))
    const shown = { entry, item, picture }
    item.firstElementChild?.addEventListener('click', () => {
      this.#options.open(this.#shown.map((other) => other.entry), this.#shown.indexOf(shown))
    })
    this.#caption(shown)
    return shown
  }

  #caption ({ entry: { record }, item }: Shown): void {
    const button = item.querySelector('button')
    const text = item.querySelector('.thumb-text')
    const score = record.score === null ? '' : formatScore(record.score)
    text?.replaceChildren(element('b', {}, score), element('time', { datetime: record.times.captured }, formatMoment(record.times.captured)))
    button?.setAttribute('aria-label', `${translate('openReject')}: ${translate('reject')}, ${translate('scoreOf', { score })}, ${formatMoment(record.times.captured)}`)
  }

  #update (): void {
    const count = this.#shown.length
    this.#count.textContent = count === 1 ? translate('pictureOne') : translate('pictures', { count })
    this.#count.hidden = this.#shown.length === 0
    this.#empty.hidden = this.#shown.length > 0
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
