/** The explanations of rejects that the page may ask for, in memory, bounded: the oldest make room. Another restart makes them anew. */
import type { ExplanationState, LiveExplanations } from '../../schemas/live.ts'
import type { ExplainingState, PartExplanations } from './publication.ts'

/** Bytes of all texts together. */
const LARGEST = 48 * 1024 * 1024
/** Parts of which only the state is known. */
const AWAITED = 1000
/** An answer that has not come by then was lost with its process. */
const LONGEST_MS = 300_000

export class KeptExplanations {
  /** JSON texts by line and event, oldest first. */
  readonly #texts = new Map<string, string>()
  /** By line and event, oldest first. */
  readonly #awaited = new Map<string, { state: ExplainingState | 'made-room', at: number }>()
  readonly #largest: number
  #bytes = 0

  constructor (largest = LARGEST) {
    this.#largest = largest
  }

  /** Explanations were asked for, at `now` in milliseconds. */
  await (line: string, eventId: string, state: ExplainingState, now: number): void {
    this.#note(keyOf(line, eventId), state, now)
  }

  keep ({ line, eventId, methods, without, evidence }: PartExplanations): void {
    this.#awaited.delete(keyOf(line, eventId))
    const explanations: LiveExplanations = {
      state: methods.length > 0 ? 'explained' : 'without-map',
      without,
      methods: methods.map(({ map, ...rest }) => {
        const { cells, ...header } = map.quantised()
        return { ...rest, map: { ...header, cells: Buffer.from(cells.buffer, cells.byteOffset, cells.byteLength).toString('base64') } }
      }),
      evidence: evidence === null ? null : { name: evidence.name, jpeg: evidence.jpeg.toString('base64') }
    }
    const text = JSON.stringify(explanations)
    this.#remove(keyOf(line, eventId))
    this.#texts.set(keyOf(line, eventId), text)
    this.#bytes += text.length
    for (const oldest of this.#texts.keys()) {
      if (this.#bytes <= this.#largest) break
      this.#remove(oldest)
      this.#note(oldest, 'made-room', 0)
    }
  }

  /** `LiveExplanations` as JSON. */
  text (line: string, eventId: string, now: number): string {
    const none: LiveExplanations = { state: this.#state(keyOf(line, eventId), now), methods: [], without: [], evidence: null }
    return this.#texts.get(keyOf(line, eventId)) ?? JSON.stringify(none)
  }

  #state (key: string, now: number): ExplanationState {
    const awaited = this.#awaited.get(key)
    if (awaited === undefined) return 'none'
    return awaited.state === 'explaining' && now - awaited.at > LONGEST_MS ? 'missing' : awaited.state
  }

  forget (line: string): void {
    for (const key of [...this.#awaited.keys()]) if (key.startsWith(keyOf(line, ''))) this.#awaited.delete(key)
    for (const key of [...this.#texts.keys()]) if (key.startsWith(keyOf(line, ''))) this.#remove(key)
  }

  #note (key: string, state: ExplainingState | 'made-room', at: number): void {
    this.#awaited.set(key, { state, at })
    const [oldest] = this.#awaited.keys()
    if (this.#awaited.size > AWAITED && oldest !== undefined) this.#awaited.delete(oldest)
  }

  #remove (key: string): void {
    this.#bytes -= this.#texts.get(key)?.length ?? 0
    this.#texts.delete(key)
  }
}

function keyOf (line: string, eventId: string): string {
  return `${JSON.stringify(line)} ${eventId}`
}
