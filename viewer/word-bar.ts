/** What people say of the part on the screen, and the buttons to say it. Keys: G good, D defect, U take back. */
import type { KeptEntry } from '../schemas/live.ts'
import type { LearningState, LiveRole, PartWord, Withdrawal } from '../schemas/learning.ts'
import { element } from './element.ts'
import { formatMoment } from './format.ts'
import { icon } from './icons.ts'
import { roleText, translate, type TextKey } from './texts.ts'

/** What the page knows and can do about words; each promise rejects with the server's own words. */
export interface WordDesk {
  role: () => LiveRole
  word: (line: string, eventId: string) => PartWord | undefined
  learning: (line: string) => LearningState | null
  say: (line: string, eventId: string, label: string) => Promise<void>
  withdraw: (line: string, eventId: string) => Promise<Withdrawal>
}

/** What the server takes: at most 60 letters, no slash. The browser says so, rather than cutting what was typed. */
export const labelPattern = '[^\\/]{1,60}'

export class WordBar {
  readonly host = element('section', { class: 'words', label: 'words', tabindex: '-1' })
  readonly #desk: WordDesk
  readonly #said = element('p', { class: 'said' })
  readonly #good = button('sayGood', 'good', 'G')
  readonly #defect = button('sayDefect', 'reject', 'D')
  readonly #back = button('takeBack', 'previous', 'U')
  readonly #type = element('input', { type: 'text', pattern: labelPattern, hint: 'labelRule', id: 'defect-type', list: 'defect-types', autocomplete: 'off' })
  readonly #types = element('datalist', { id: 'defect-types' })
  readonly #form: HTMLFormElement
  /** What became of the word that was taken back last. */
  readonly #became = element('p', { class: 'became', role: 'status', hidden: true })
  readonly #problem = element('p', { class: 'wrong', role: 'alert', hidden: true })
  #entry: KeptEntry | undefined
  #busy = false

  constructor (desk: WordDesk) {
    this.#desk = desk
    this.#form = element('form', { hidden: true },
      element('label', { for: 'defect-type', text: 'defectType' }), this.#type, this.#types, element('button', { type: 'submit', class: 'primary', text: 'saveWord' }))
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      const label = this.#type.value.trim()
      this.#send(async (line, eventId) => this.#desk.say(line, eventId, label === '' || label.toLowerCase() === 'good' ? translate('unnamedDefect') : label))
    })
    this.#good.addEventListener('click', () => { this.#send(async (line, eventId) => this.#desk.say(line, eventId, 'good')) })
    this.#defect.addEventListener('click', () => { this.#askType() })
    this.#back.addEventListener('click', () => { this.#send(async (line, eventId) => { this.#tell(await this.#desk.withdraw(line, eventId)) }) })
    this.host.append(this.#said, element('div', { class: 'word-buttons' }, this.#good, this.#defect, this.#back), this.#became, this.#form, this.#problem)
  }

  show (entry: KeptEntry | undefined): void {
    if (entry?.record.eventId !== this.#entry?.record.eventId) {
      this.#form.hidden = true
      this.#problem.hidden = true
      this.#became.hidden = true
    }
    this.#entry = entry
    this.render()
  }

  /** Whether the key meant something here. */
  key (key: string): boolean {
    const pressed = ({ g: this.#good, d: this.#defect, u: this.#back } as Record<string, HTMLButtonElement>)[key.toLowerCase()]
    if (pressed === undefined || pressed.hidden || pressed.disabled) return false
    pressed.click()
    return true
  }

  render (): void {
    const entry = this.#entry
    const word = entry === undefined ? undefined : this.#desk.word(entry.line, entry.record.eventId)
    const mayNot = entry === undefined || this.#desk.role() === 'viewer'
    this.host.hidden = entry === undefined || (mayNot && word === undefined)
    this.#said.hidden = word === undefined
    if (word !== undefined) {
      const label = word.label === 'good' ? translate('saidGood') : translate('saidDefect', { type: word.label })
      const kept = translate(word.keptBy === null ? 'saidOnly' : 'saidWaits')
      this.#said.dataset.verdict = word.label === 'good' ? 'good' : 'reject'
      this.#said.replaceChildren(icon(word.label === 'good' ? 'good' : 'reject'), element('strong', {}, label), element('span', {}, `${roleText(word.by)}, ${formatMoment(word.at)}`), element('small', {}, kept))
    }
    for (const [pressed, shown] of [[this.#good, word?.label !== 'good'], [this.#defect, true], [this.#back, word !== undefined]] as const) {
      pressed.hidden = mayNot || !shown
      pressed.disabled = this.#busy
    }
    if (mayNot) this.#form.hidden = true
  }

  #tell (learned: Withdrawal): void {
    const text = learned === 'in-model' ? 'takenBackInModel' : learned === 'at-next-update' ? 'takenBackAtUpdate' : null
    this.#became.hidden = text === null
    if (text !== null) this.#became.replaceChildren(element('small', { text }))
  }

  #askType (): void {
    const entry = this.#entry
    if (entry === undefined) return
    this.#types.replaceChildren(...(this.#desk.learning(entry.line)?.defects ?? []).map((value) => element('option', { value })))
    this.#type.value = ''
    this.#form.hidden = false
    this.#type.focus()
  }

  #send (work: (line: string, eventId: string) => Promise<void>): void {
    const entry = this.#entry
    if (entry === undefined || this.#busy) return
    this.#busy = true
    this.#became.hidden = true
    this.render()
    work(entry.line, entry.record.eventId).then(() => {
      // The keys work on: what had the focus may be hidden now.
      this.host.focus()
      this.#form.hidden = true
      this.#problem.hidden = true
    }, (error: unknown) => {
      this.#problem.hidden = false
      this.#problem.textContent = error instanceof Error ? error.message : String(error)
    }).finally(() => {
      this.#busy = false
      this.render()
    })
  }
}

function button (text: TextKey, image: 'good' | 'reject' | 'previous', key: string): HTMLButtonElement {
  return element('button', { type: 'button', class: `quiet with-text word-${text}`, 'aria-keyshortcuts': key }, icon(image), element('span', { text }), element('kbd', {}, key))
}
