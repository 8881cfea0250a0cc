/** What a line has learned: the pictures of its replay buffer, the last update, and for engineers the next. */
import type { LearningSheet, LearningState, LiveRole, SheetPicture } from '../schemas/learning.ts'
import { adviceText, signalsText } from './drift-text.ts'
import { element } from './element.ts'
import { download, exemplarCard } from './exemplar-card.ts'
import { gateReport } from './gate-table.ts'
import { icon } from './icons.ts'
import { fitProblemText, problemText, stageText, translate, type TextKey } from './texts.ts'

/** What the page knows and can do; each promise rejects with the server's own words. */
export interface MemoryDesk {
  role: () => LiveRole
  learning: (line: string) => LearningState | null
  sheet: (line: string) => Promise<LearningSheet>
  table: (line: string) => Promise<Blob>
  archive: (line: string) => Promise<Blob>
  picture: (line: string, sha256: string) => Promise<Blob>
  relabel: (line: string, sha256: string, said: { product: string, label: string } | null) => Promise<void>
  update: (line: string, mode: 'recalibrate' | 'cancel' | null) => Promise<void>
  rollBack: (line: string) => Promise<void>
}

const TYPES = 'exemplar-types'
const lists = ['relabel', 'waiting', 'memory'] as const
const titles = { relabel: 'lookAgain', waiting: 'waitingPictures', memory: 'memoryPictures' } as const

export class MemoryDialog {
  readonly dialog: HTMLDialogElement
  readonly #desk: MemoryDesk
  readonly #title = element('h2')
  readonly #state = element('p', { class: 'soft', role: 'status' })
  readonly #problem = element('p', { class: 'wrong', role: 'alert', hidden: true })
  readonly #update = this.#button('updateNow', async (line) => this.#desk.update(line, null))
  readonly #calibrate = this.#button('calibrateOnly', async (line) => this.#desk.update(line, 'recalibrate'))
  readonly #cancel = this.#button('cancelUpdate', async (line) => this.#desk.update(line, 'cancel'))
  readonly #back = this.#button('rollBack', async (line) => this.#desk.rollBack(line))
  readonly #buttons = element('div', { class: 'engineer' }, this.#update, this.#calibrate, this.#cancel, this.#back)
  readonly #failed = element('p', { class: 'wrong update-failed', role: 'alert', hidden: true })
  readonly #gate = element('section', { class: 'gate-report' })
  readonly #lists = element('div')
  readonly #types = element('datalist', { id: TYPES })
  readonly #loads = new WeakMap<Element, () => Promise<void>>()
  readonly #loader = new IntersectionObserver((seen) => { this.#load(seen) }, { rootMargin: '200px' })
  #line = ''
  /** Of what is shown: a sheet that was asked for earlier must not cover a later one. */
  #asked = 0
  #shownFor = ''

  constructor (desk: MemoryDesk) {
    this.#desk = desk
    const csv = this.#saving('exportTable', 'csv', async (line) => this.#desk.table(line))
    const tar = this.#saving('exportPictures', 'tar', async (line) => this.#desk.archive(line))
    const close = element('button', { type: 'button', class: 'quiet', label: 'close' }, icon('close'))
    close.addEventListener('click', () => { this.dialog.close() })
    this.dialog = element('dialog', { class: 'memory-dialog', tabindex: '-1' },
      element('header', {}, this.#title, element('span', { class: 'space' }), close),
      element('div', { class: 'memory-body' }, this.#state, this.#buttons, element('div', { class: 'memory-exports' }, tar, csv), this.#problem, element('h3', { text: 'lastUpdate' }), this.#failed, this.#gate, this.#lists, this.#types))
    this.dialog.addEventListener('click', (event) => { if (event.target === this.dialog) this.dialog.close() })
    this.dialog.addEventListener('close', () => { this.#clear() })
  }

  open (line: string): void {
    this.#line = line
    this.#problem.hidden = true
    this.#title.textContent = `${translate('memory')} · ${line}`
    this.#gate.replaceChildren()
    this.dialog.showModal()
    this.#render()
    this.#fetch()
  }

  /** The replay buffer of a line has changed. */
  learned (line: string): void {
    if (!this.dialog.open || line !== this.#line) return
    this.#render()
    if (this.#version() !== this.#shownFor) this.#fetch()
  }

  #render (): void {
    const state = this.#desk.learning(this.#line)
    const isUpdating = state?.updating != null
    this.#buttons.hidden = this.#desk.role() !== 'engineer' || state === null
    this.#update.hidden = this.#calibrate.hidden = isUpdating
    this.#update.disabled = this.#calibrate.disabled = state?.waiting === 0
    this.#cancel.hidden = !isUpdating
    this.#back.hidden = isUpdating || state?.canRollBack !== true
    const progress = state?.updating == null ? [] : [progressText(state.updating)]
    const failed = state?.failed ?? null
    this.#failed.hidden = failed === null
    this.#failed.textContent = failed === null ? '' : failedText(failed)
    this.#state.textContent = state === null ? translate('noBuffer') : [translate('waitingCount', { count: state.waiting }), ...progress, ...drifting(state)].join(' · ')
  }

  /** Progress changes nothing of the pictures. */
  #version (): string {
    const state = this.#desk.learning(this.#line)
    return JSON.stringify(state === null ? null : { ...state, updating: state.updating !== null })
  }

  #fetch (): void {
    const asked = ++this.#asked
    this.#shownFor = this.#version()
    this.#desk.sheet(this.#line).then((sheet) => { if (asked === this.#asked && this.dialog.open) this.#show(sheet) }, (error: unknown) => { if (asked === this.#asked) this.#fail(error) })
  }

  #show (sheet: LearningSheet): void {
    this.#clear()
    this.#gate.replaceChildren(...gateReport(sheet.state))
    this.#types.replaceChildren(...sheet.state.defects.map((value) => element('option', { value })))
    const next = new Map(sheet.waiting.map(({ sha256, label }) => [sha256, label]))
    this.#lists.replaceChildren(...lists.flatMap((list) => this.#section(list, sheet[list], next)))
  }

  #section (list: typeof lists[number], pictures: readonly SheetPicture[], next: ReadonlyMap<string, string>): HTMLElement[] {
    const heading = element('h3', {}, element('span', { text: titles[list] }), ...pictures.length === 0 ? [] : [element('span', { class: 'badge' }, String(pictures.length))])
    const cards = pictures.map((picture) => {
      const card = exemplarCard(picture, {
        desk: {
          mayCorrect: () => this.#desk.role() !== 'viewer',
          relabel: async (sha256, said) => {
            await this.#desk.relabel(this.#line, sha256, said)
            this.#fetch()
          },
          picture: async (sha256) => this.#desk.picture(this.#line, sha256),
          types: TYPES
        },
        asks: list === 'relabel',
        next: next.get(picture.sha256)
      })
      this.#loads.set(card.host, card.load)
      this.#loader.observe(card.host)
      return card.host
    })
    return [heading, cards.length === 0 ? element('p', { class: 'soft', text: 'noPictures' }) : element('ul', { class: 'exemplars', 'data-list': list }, ...cards)]
  }

  #load (seen: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue
      this.#loader.unobserve(target)
      this.#loads.get(target)?.().catch(() => { target.classList.add('gone') })
    }
  }

  #clear (): void {
    this.#loader.disconnect()
    for (const image of this.#lists.querySelectorAll('img')) URL.revokeObjectURL(image.src)
    this.#lists.replaceChildren()
  }

  #fail (error: unknown): void {
    this.#problem.hidden = false
    this.#problem.textContent = error instanceof Error ? error.message : String(error)
  }

  #saving (text: TextKey, ending: string, read: (line: string) => Promise<Blob>): HTMLButtonElement {
    const made = this.#button(text, async (line) => {
      made.disabled = true
      try {
        const address = URL.createObjectURL(await read(line))
        download(address, `${line}-exemplars.${ending}`)
        URL.revokeObjectURL(address)
      } finally {
        made.disabled = false
      }
    })
    made.prepend(icon('save'))
    return made
  }

  #button (text: TextKey, press: (line: string) => Promise<void>): HTMLButtonElement {
    const made = element('button', { type: 'button', class: `quiet with-text memory-${text}` }, element('span', { text }))
    made.addEventListener('click', () => {
      this.#problem.hidden = true
      press(this.#line).catch((error: unknown) => { this.#fail(error) })
    })
    return made
  }
}

function progressText ({ stage, done, total }: NonNullable<LearningState['updating']>): string {
  return total === 0 ? translate('updatingStage', { stage: stageText(stage) }) : translate('updating', { stage: stageText(stage), done, total })
}

/** With the server's own words: they say what ended it. */
function failedText ({ code, message, fix }: NonNullable<LearningState['failed']>): string {
  const words = fix === null ? message : `${message}. ${fix}`
  // An update whose process died is told as a fit is: the other codes say something else of a fit.
  const told = code === 'GOODPARTS_FIT_FAILED' ? fitProblemText(code) : problemText(code, '')
  return translate('updateFailed', { reason: told === '' ? words : `${told} ${words}` })
}

function drifting ({ inDrift, drift }: LearningState): string[] {
  if (!inDrift) return []
  return [drift == null ? translate('inDrift') : `${translate('inDrift')} (${signalsText(drift)}): ${adviceText(drift)}`]
}
