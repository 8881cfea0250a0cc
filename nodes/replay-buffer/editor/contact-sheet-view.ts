/** The contact sheet in a replay buffer's dialog: what to look at again, what waits, what is kept; corrected and taken along there. */
import type { LearningSheet } from '../../../schemas/learning.ts'
import { button, exemplarFigure } from './exemplar-figure.ts'
import type { SheetRequests } from './sheet-requests.ts'
import { problemText, stateText, type SheetTexts } from './sheet-texts.ts'

const lists = ['relabel', 'waiting', 'memory'] as const
const titles = { relabel: 'lookAgain', waiting: 'waitingPictures', memory: 'memoryPictures' } as const
const types = 'goodparts-replay-buffer-types'

export interface SheetPlace {
  /** Of the sheet, of how it stands, and of what goes wrong. */
  host: JQuery
  state: JQuery
  problem: JQuery
  /** Of the files that are taken along, without an ending. */
  fileName: string
}

export class ContactSheetView {
  readonly #place: SheetPlace
  readonly #requests: SheetRequests
  readonly #texts: SheetTexts
  readonly #lists = $('<div>')
  readonly #types = $('<datalist>').attr('id', types)
  readonly #tools = $('<div class="goodparts-sheet-tools">').hide()
  /** Addresses of pictures that were loaded, by hash: a picture that is drawn again does not flicker. */
  readonly #pictures = new Map<string, string>()
  readonly #loader = new IntersectionObserver((seen) => { this.#load(seen) }, { rootMargin: '200px' })
  /** A sheet that was asked for earlier must not cover a later one. */
  #asked = 0
  #isClosed = false

  constructor (place: SheetPlace, requests: SheetRequests, texts: SheetTexts) {
    this.#place = place
    this.#requests = requests
    this.#texts = texts
    const { translate } = texts
    this.#tools.append(
      button('archive', 'picture-o', translate, () => { this.#save('tar', async () => this.#requests.archive()) }),
      button('table', 'table', translate, () => { this.#save('csv', async () => this.#requests.table()) }),
      button('again', 'refresh', translate, () => { this.show() }))
    place.host.empty().append(this.#tools, this.#lists, this.#types)
  }

  show (): void {
    const asked = ++this.#asked
    const isLate = (): boolean => asked !== this.#asked || this.#isClosed
    this.#place.problem.hide()
    this.#requests.sheet().then((sheet) => { if (!isLate()) this.#draw(sheet) }, (error: unknown) => { if (!isLate()) this.#fail(error) })
  }

  close (): void {
    this.#isClosed = true
    this.#loader.disconnect()
    for (const address of this.#pictures.values()) URL.revokeObjectURL(address)
    this.#pictures.clear()
  }

  #draw (sheet: LearningSheet): void {
    const { translate } = this.#texts
    this.#loader.disconnect()
    this.#tools.show()
    this.#place.state.text(stateText(sheet, this.#texts))
    this.#types.empty().append(['good', ...sheet.state.defects].map((value) => $('<option>').attr('value', value)))
    const next = new Map(sheet.waiting.map(({ sha256, label }) => [sha256, label]))
    this.#lists.empty().append(lists.flatMap((list) => {
      const pictures = sheet[list]
      const heading = $('<h5>').text(`${translate(titles[list])} (${pictures.length})`)
      const desk = { requests: this.#requests, texts: this.#texts, changed: () => { this.show() }, types }
      const figures = pictures.map((picture) => exemplarFigure(picture, desk, { asks: list === 'relabel', next: list === 'waiting' ? undefined : next.get(picture.sha256) }))
      return [heading, pictures.length === 0 ? $('<p class="goodparts-sheet-why">').text(translate('noPictures')) : $('<div class="goodparts-sheet-figures">').attr('data-list', list).append(figures)]
    }))
    for (const figure of this.#lists.find('figure').get()) {
      const known = this.#pictures.get(figure.dataset.sha256 ?? '')
      if (known === undefined) this.#loader.observe(figure)
      else $(figure).find('img').attr('src', known)
    }
  }

  #load (seen: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue
      this.#loader.unobserve(target)
      const sha256 = (target as HTMLElement).dataset.sha256 ?? ''
      this.#requests.picture(sha256).then((picture) => {
        if (this.#isClosed) return
        const address = this.#pictures.get(sha256) ?? URL.createObjectURL(picture)
        this.#pictures.set(sha256, address)
        $(target).find('img').attr('src', address)
      }, (error: unknown) => { $(target).find('.goodparts-sheet-problem').text(problemText(error, this.#texts)).show() })
    }
  }

  #save (ending: string, read: () => Promise<Blob>): void {
    const buttons = this.#tools.find('button').prop('disabled', true)
    this.#place.problem.hide()
    read().then((file) => {
      const address = URL.createObjectURL(file)
      $<HTMLAnchorElement>('<a>').attr({ href: address, download: `${this.#place.fileName.replace(/[^\p{L}\p{N}.-]+/gu, '_')}.${ending}` }).get(0)?.click()
      URL.revokeObjectURL(address)
    }).catch((error: unknown) => { this.#fail(error) }).finally(() => { buttons.prop('disabled', false) })
  }

  #fail (error: unknown): void {
    this.#place.problem.text(problemText(error, this.#texts)).show()
  }
}
