/** The explanations of parts that the page may ask for, in memory, bounded: the oldest make room. Another restart makes them anew. */
import type { ExplanationState, LiveExplanation, LiveExplanations } from '../../schemas/live.ts'
import type { ExplainingState, LineExplainer, PartExplanations } from './publication.ts'

/** Bytes of all together, as text. */
const LARGEST = 48 * 1024 * 1024
/** Of what stands beside maps and pictures. */
const WORDS = 200
/** Parts of which only the state is known. */
const AWAITED = 1000

/** What methods have said of a part. */
export type SaidExplanations = Pick<LiveExplanations, 'state' | 'methods' | 'without' | 'evidence'>

interface AwaitedPart {
  state: ExplainingState | 'made-room'
  /** Whether somebody still works on it; `undefined` where nobody can say. */
  isExplaining: (() => boolean) | undefined
}

export class KeptExplanations {
  /** By line and event, oldest first. */
  readonly #kept = new Map<string, SaidExplanations>()
  /** By line and event, oldest first. */
  readonly #awaited = new Map<string, AwaitedPart>()
  readonly #largest: number
  #bytes = 0

  constructor (largest = LARGEST) {
    this.#largest = largest
  }

  /** Explanations were asked for; `explainer` is who makes them, where that is known. */
  await (line: string, eventId: string, state: ExplainingState, explainer?: LineExplainer): void {
    this.#note(keyOf(line, eventId), { state, isExplaining: explainer === undefined ? undefined : () => explainer.isExplaining(eventId) })
  }

  /** Beside what other methods have said of the part before. */
  keep ({ line, eventId, methods, without, evidence }: PartExplanations): void {
    const key = keyOf(line, eventId)
    this.#awaited.delete(key)
    const before = this.#kept.get(key)
    const said = new Set([...methods, ...without].map(({ method }) => method))
    const all = [...before?.methods.filter(({ method }) => !said.has(method)) ?? [], ...methods.map(asText)]
    this.#remove(key)
    const kept: SaidExplanations = {
      state: all.length > 0 ? 'explained' : 'without-map',
      methods: all,
      without: [...before?.without.filter(({ method }) => !said.has(method)) ?? [], ...without],
      evidence: evidence === null ? before?.evidence ?? null : { name: evidence.name, jpeg: evidence.jpeg.toString('base64') }
    }
    this.#kept.set(key, kept)
    this.#bytes += sizeOf(kept)
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#largest) break
      this.#remove(oldest)
      this.#note(oldest, { state: 'made-room', isExplaining: undefined })
    }
  }

  of (line: string, eventId: string): SaidExplanations {
    const key = keyOf(line, eventId)
    return this.#kept.get(key) ?? { state: this.#state(key), methods: [], without: [], evidence: null }
  }

  #state (key: string): ExplanationState {
    const { state, isExplaining } = this.#awaited.get(key) ?? { state: 'none' }
    // A busy line may let it wait for long; who was closed, or has answered to nobody, will not answer any more.
    return state === 'explaining' && isExplaining?.() === false ? 'missing' : state
  }

  forget (line: string): void {
    for (const key of [...this.#awaited.keys()]) if (key.startsWith(keyOf(line, ''))) this.#awaited.delete(key)
    for (const key of [...this.#kept.keys()]) if (key.startsWith(keyOf(line, ''))) this.#remove(key)
  }

  #note (key: string, awaited: AwaitedPart): void {
    this.#awaited.set(key, awaited)
    const [oldest] = this.#awaited.keys()
    if (this.#awaited.size > AWAITED && oldest !== undefined) this.#awaited.delete(oldest)
  }

  #remove (key: string): void {
    const kept = this.#kept.get(key)
    if (kept === undefined) return
    this.#bytes -= sizeOf(kept)
    this.#kept.delete(key)
  }
}

function asText ({ map, ...rest }: PartExplanations['methods'][number]): LiveExplanation {
  const { cells, ...header } = map.quantised()
  return { ...rest, map: { ...header, cells: Buffer.from(cells.buffer, cells.byteOffset, cells.byteLength).toString('base64') } }
}

function sizeOf ({ methods, without, evidence }: SaidExplanations): number {
  return methods.reduce((sum, { map: { cells } }) => sum + WORDS + cells.length, WORDS * (1 + without.length) + (evidence?.jpeg.length ?? 0))
}

function keyOf (line: string, eventId: string): string {
  return `${JSON.stringify(line)} ${eventId}`
}
