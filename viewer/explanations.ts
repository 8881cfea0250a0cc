/** The explanations of one part: which method's map is shown, asking for more, and the good part beside the reject. */
import type { ExplanationObstacle, LiveExplanation, LiveExplanations } from '../schemas/live.ts'
import { element } from './element.ts'
import type { Packet } from './packet.ts'
import { madeOf } from './said-texts.ts'
import { withoutMapText, skippedText, translate, type TextKey } from './texts.ts'

/** Before the names of methods that are asked for when they are chosen. */
const ASKS = 'ask:'

export interface ExplanationListener {
  /** What is to be shown; `null` = the detector's own map. */
  changed: (explanation: LiveExplanation | null) => void
  /** Somebody wants the part that is shown explained; no methods = those of the line. Rejects with the server's own words. */
  ask: (methods: string[]) => Promise<void>
}

export class Explanations {
  readonly choice = element('select', { class: 'methods' })
  readonly chooser = element('label', { class: 'chooser', hidden: true }, element('span', { text: 'method' }), this.choice)
  readonly evidence = element('figure', { class: 'evidence', hidden: true })
  readonly host = element('section', { class: 'explain' })
  readonly #listener: ExplanationListener
  readonly #note = element('p', { class: 'method-note', role: 'status' })
  readonly #coarse = element('p', { class: 'coarse', role: 'status', hidden: true })
  readonly #ask = element('button', { type: 'button', class: 'quiet with-text ask', text: 'explainNow', hint: 'explainNowHint', hidden: true })
  readonly #problem = element('p', { class: 'wrong', role: 'alert', hidden: true })
  readonly #picture = element('img', {})
  readonly #caption = element('figcaption', {})
  #shown: LiveExplanations | undefined
  /** The verdict on the part was good. */
  #isGood = false
  /** Stays from part to part, as the operator chose it. */
  #method = ''
  /** What was asked for here is shown as soon as it comes. */
  #wanted: readonly string[] = []
  /** The newest of the part that is shown, while it is on its way to the server. */
  #request: symbol | undefined

  constructor (listener: ExplanationListener) {
    this.#listener = listener
    this.evidence.append(this.#picture, this.#caption)
    this.host.append(this.#coarse, this.#note, this.#ask, this.#problem)
    this.#ask.addEventListener('click', () => { this.#send([], this.#shown?.offer.usual ?? []) })
    this.choice.addEventListener('change', () => {
      const { value } = this.choice
      if (value.startsWith(ASKS)) {
        const method = value.slice(ASKS.length)
        this.#send([method], [method])
      } else {
        this.#method = value
        this.#wanted = []
      }
      this.#render()
    })
  }

  /** Why the part that is shown cannot be explained now. */
  get obstacle (): ExplanationObstacle | null {
    return this.#shown?.offer.obstacle ?? null
  }

  /** Whether the obstacle may pass by itself. */
  get mayPass (): boolean {
    return this.obstacle !== null && passing.has(this.obstacle)
  }

  /** Another part: nothing is known of it yet. */
  clear (): void {
    this.#wanted = []
    this.#request = undefined
    this.#ask.disabled = false
    this.#problem.hidden = true
    this.show(undefined)
  }

  show (explanations: LiveExplanations | undefined, { isGood = false } = {}): void {
    this.#shown = explanations
    this.#isGood = isGood
    const came = this.#wanted.find((wanted) => explanations?.methods.some(({ method }) => method === wanted))
    if (came !== undefined) {
      this.#method = came
      this.#wanted = []
    }
    this.#render()
    const evidence = explanations?.evidence ?? null
    this.evidence.hidden = evidence === null
    if (evidence === null) return
    this.#picture.src = `data:image/jpeg;base64,${evidence.jpeg}`
    this.#picture.alt = translate('similarGood')
    this.#caption.textContent = `${translate('similarGood')} · ${evidence.name}`
  }

  #send (methods: string[], wanted: readonly string[]): void {
    const request = this.#request = Symbol('request')
    this.#problem.hidden = true
    this.#ask.disabled = true
    this.#wanted = wanted
    // By the time of the answer, another part may be shown.
    const isShown = (): boolean => this.#request === request
    this.#listener.ask(methods).catch((error: unknown) => {
      if (!isShown()) return
      this.#problem.hidden = false
      this.#problem.textContent = error instanceof Error ? error.message : String(error)
    }).finally(() => {
      if (!isShown()) return
      this.#request = undefined
      this.#ask.disabled = false
      this.#render()
    })
  }

  #render (): void {
    const { methods = [], asked = [], offer } = this.#shown ?? {}
    const known = new Set(methods.map(({ method }) => method))
    const more = offer?.methods.filter((method) => !known.has(method)) ?? []
    const found = methods.find(({ method }) => method === this.#method) ?? null
    this.chooser.hidden = methods.length === 0 && more.length === 0
    this.choice.replaceChildren(option('', translate('ownMap')), ...methods.map(({ method }) => option(method, method)),
      ...more.length === 0 ? [] : [group(translate('explainBy'), more, asked)])
    const awaited = this.#wanted.find((method) => more.includes(method) && (this.#request !== undefined || asked.includes(method)))
    this.choice.value = awaited === undefined ? found?.method ?? '' : `${ASKS}${awaited}`
    // What the line has asked for itself may wait for long.
    this.#ask.hidden = methods.length > 0 || more.length === 0 || asked.length > 0
    const told = [...found === null ? [withoutOf(this.#shown)] : [noteOf(found), failuresOf(this.#shown)], ...methods.length > 0 && asked.length > 0 ? [translate('explainingBy', { methods: asked.join(', ') })] : []]
    this.#note.textContent = told.filter((text) => text !== '').join(' · ')
    this.#note.hidden = this.#note.textContent === ''
    this.#coarse.textContent = found === null ? '' : [this.#isGood ? translate('likeGood') : '', coarseOf(found)].filter((text) => text !== '').join(' ')
    this.#coarse.hidden = this.#coarse.textContent === ''
    this.#listener.changed(found)
  }
}

/** The same part with another map. Such a map is in [0, 1] and knows no limits. */
export function withMap (packet: Packet, explanation: LiveExplanation | null): Packet {
  if (explanation === null) return packet
  const { cells, ...map } = explanation.map
  const { record } = packet.header
  return {
    ...packet,
    header: { ...packet.header, map, record: record === null ? null : { ...record, limits: null, regions: explanation.regions } },
    cells: Uint8Array.from(atob(cells), (character) => character.charCodeAt(0))
  }
}

const states = { none: 'explainNone', explained: undefined, explaining: 'explaining', 'queue-full': 'explainQueueFull', missing: 'explainMissing', 'made-room': 'explainMadeRoom', 'without-map': undefined } as const
const obstacles = { 'no-explainer': 'explainNobody', 'set-up-anew': 'explainSetUpAnew', 'no-model': 'explainNoModel', 'another-model': 'explainAnotherModel', gone: 'explainGone' } as const
/** Over with the next verdict, or when the model is loaded. */
const passing: ReadonlySet<ExplanationObstacle> = new Set(['no-explainer', 'set-up-anew', 'no-model'])

/** Why there is no map by other methods, and why none may be asked for. */
function withoutOf (explanations: LiveExplanations | undefined): string {
  if (explanations === undefined) return ''
  const { state, methods, offer: { obstacle } } = explanations
  const said = (key: TextKey | undefined): string => key === undefined ? '' : translate(key)
  return [said(states[state]), failuresOf(explanations), obstacle === null || methods.length > 0 || state === 'explaining' ? '' : said(obstacles[obstacle])].filter((text) => text !== '').join(' ')
}

/** Which methods gave no map; those that are asked again may give one yet. */
function failuresOf (explanations: LiveExplanations | undefined): string {
  if (explanations === undefined || explanations.state === 'explaining') return ''
  const { without, asked } = explanations
  const failed = without.filter(({ method }) => !asked.includes(method)).map(({ method, reason, code }) => ({ method, why: withoutMapText(reason, code) }))
  if (failed.length === 0) return ''
  const reasons = [...new Set(failed.map(({ why }) => why))].map((reason) => `${failed.filter(({ why }) => why === reason).map(({ method }) => method).join(', ')}: ${reason}`)
  return translate('explainWithoutMap', { reasons: reasons.join('; ') })
}

function noteOf ({ insertion, deletion, skipped, milliseconds }: LiveExplanation): string {
  const judged = insertion === null || deletion === null ? '' : translate('faithfulness', { insertion: insertion.toFixed(2), deletion: deletion.toFixed(2) })
  const time = translate('explainedIn', { ms: milliseconds.toFixed(0) })
  return [judged, time, skipped === null || madeOf(skipped) !== undefined ? '' : translate('skipped', { what: skippedText(skipped) })].filter((part) => part !== '').join(' · ')
}

/** That the time was up before a method was done: what chance left shows as if it were something. */
function coarseOf ({ skipped }: LiveExplanation): string {
  const made = skipped === null ? undefined : madeOf(skipped)
  return made === undefined ? '' : translate('madeOf', { done: made.done, planned: made.planned, what: translate(made.what) })
}

function option (value: string, text: string): HTMLOptionElement {
  const made = element('option', { value })
  made.textContent = text
  return made
}

/** Methods that may be asked for; those that are asked for already are not for choosing. */
function group (label: string, methods: readonly string[], asked: readonly string[]): HTMLOptGroupElement {
  const made = element('optgroup', {}, ...methods.map((method) => {
    const asking = option(`${ASKS}${method}`, asked.includes(method) ? `${method} …` : method)
    asking.disabled = asked.length > 0
    return asking
  }))
  made.label = label
  return made
}
