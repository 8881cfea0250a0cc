/** The explanations of one reject: which method's map is shown, and the good part beside the reject. */
import type { LiveExplanation, LiveExplanations } from '../schemas/live.ts'
import { element } from './element.ts'
import type { Packet } from './packet.ts'
import { withoutMapText, skippedText, translate } from './texts.ts'

export class Explanations {
  readonly choice = element('select', { class: 'methods', label: 'method', hidden: true })
  readonly evidence = element('figure', { class: 'evidence', hidden: true })
  readonly note = element('p', { class: 'method-note' })
  readonly #changed: (explanation: LiveExplanation | null) => void
  readonly #picture = element('img', {})
  readonly #caption = element('figcaption', {})
  #shown: LiveExplanations | undefined
  /** Stays from part to part, as the operator chose it. */
  #method = ''

  /** `changed` gets what is to be shown; `null` = the detector's own map. */
  constructor (changed: (explanation: LiveExplanation | null) => void) {
    this.#changed = changed
    this.evidence.append(this.#picture, this.#caption)
    this.choice.addEventListener('change', () => {
      this.#method = this.choice.value
      this.#tell()
    })
  }

  show (explanations: LiveExplanations | undefined): void {
    this.#shown = explanations
    const methods = explanations?.methods ?? []
    this.choice.hidden = methods.length === 0
    this.choice.replaceChildren(option('', translate('ownMap')), ...methods.map(({ method }) => option(method, method)))
    this.choice.value = methods.some(({ method }) => method === this.#method) ? this.#method : ''
    const evidence = explanations?.evidence ?? null
    this.evidence.hidden = evidence === null
    if (evidence !== null) {
      this.#picture.src = `data:image/jpeg;base64,${evidence.jpeg}`
      this.#picture.alt = translate('similarGood')
      this.#caption.textContent = `${translate('similarGood')} · ${evidence.name}`
    }
    this.#tell()
  }

  #tell (): void {
    const found = this.#shown?.methods.find(({ method }) => method === this.choice.value) ?? null
    const told = found === null ? withoutOf(this.#shown) : noteOf(found)
    this.note.hidden = told === ''
    this.note.textContent = told
    this.#changed(found)
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

/** Why there is no choice of methods. */
function withoutOf (explanations: LiveExplanations | undefined): string {
  const words = { none: undefined, explained: undefined, explaining: 'explaining', 'queue-full': 'explainQueueFull', missing: 'explainMissing', 'made-room': 'explainMadeRoom', 'without-map': 'explainWithoutMap' } as const
  const key = words[explanations?.state ?? 'none']
  if (key === 'explainWithoutMap') return translate(key, { reasons: explanations?.without.map(({ method, reason }) => `${method}: ${withoutMapText(reason)}`).join('; ') ?? '' })
  return key === undefined ? '' : translate(key)
}

function noteOf ({ insertion, deletion, skipped, milliseconds }: LiveExplanation): string {
  const judged = insertion === null || deletion === null ? '' : translate('faithfulness', { insertion: insertion.toFixed(2), deletion: deletion.toFixed(2) })
  const time = translate('explainedIn', { ms: milliseconds.toFixed(0) })
  return [judged, time, skipped === null ? '' : translate('skipped', { what: skippedText(skipped) })].filter((part) => part !== '').join(' · ')
}

function option (value: string, text: string): HTMLOptionElement {
  const made = element('option', { value })
  made.textContent = text
  return made
}
