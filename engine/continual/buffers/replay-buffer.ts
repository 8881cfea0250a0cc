/** A memory of exemplars, bounded in items and in bytes, filled by a replay policy. */
import { GoodpartsError } from '../../errors.ts'
import { seededRandom } from '../../random.ts'
import type { Random } from '../../random.ts'
import { countByLabel, randomSample } from '../samples.ts'
import type { Candidate, Choice, Exemplar, Head, ReplayItem, ReplayPolicy, RetrievalContext } from './replay-policy.ts'

export interface BufferBounds {
  items: number
  bytes: number
}

export interface BufferState {
  exemplars: Exemplar[]
  /** Items seen so far of each class. */
  seen: Record<string, number>
}

export class ReplayBuffer {
  readonly policy: ReplayPolicy
  readonly bounds: BufferBounds
  readonly #random: Random
  readonly #seen: Map<string, number>
  #exemplars: Exemplar[]

  /**
   * `state` goes on with a memory that was stored.
   * @throws GOODPARTS_ARGUMENT for bounds below 1.
   */
  constructor (policy: ReplayPolicy, bounds: BufferBounds, seed: number, state: BufferState = { exemplars: [], seen: {} }) {
    if (!(bounds.items >= 1) || !(bounds.bytes >= 1)) {
      throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the memory to hold at least 1 item and 1 byte, got ${bounds.items} and ${bounds.bytes}`)
    }
    this.policy = policy
    this.bounds = bounds
    this.#random = seededRandom(seed)
    this.#exemplars = [...state.exemplars]
    this.#seen = new Map(Object.entries(state.seen))
  }

  get exemplars (): readonly Exemplar[] {
    return this.#exemplars
  }

  get bytes (): number {
    return this.#exemplars.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get state (): BufferState {
    return { exemplars: [...this.#exemplars], seen: Object.fromEntries(this.#seen) }
  }

  /**
   * Takes a lot in and chooses anew from what is kept and what came. An id that is kept already is the same picture again and is passed over.
   * @throws GOODPARTS_ARGUMENT when feature vectors differ in length.
   */
  observe (items: readonly ReplayItem[], head: Head | null = null): void {
    const pool = this.#pool(items)
    const chosen = this.policy.select(pool, { items: Math.floor(this.bounds.items), random: this.#random, head })
    this.#exemplars = fitting(chosen, this.bounds)
  }

  /** Features by the ids of exemplars, where a representation has changed; what is not among them stays as it was. */
  refresh (features: ReadonlyMap<string, Float32Array>): void {
    this.#exemplars = this.#exemplars.map((exemplar) => ({ ...exemplar, features: features.get(exemplar.id) ?? exemplar.features }))
  }

  /** Those to replay in the next step, without repetition. */
  retrieve (context: Omit<RetrievalContext, 'random'>): Exemplar[] {
    const full = { ...context, random: this.#random }
    return this.policy.retrieve?.(this.#exemplars, full) ?? randomSample(this.#exemplars, context.count, this.#random)
  }

  #pool (items: readonly ReplayItem[]): Candidate[] {
    const known = new Set(this.#exemplars.map(({ id }) => id))
    const width = this.#exemplars[0]?.features.length ?? items[0]?.features.length
    const held = countByLabel(this.#exemplars)
    const pool: Candidate[] = this.#exemplars.map((exemplar) => ({ ...exemplar, kept: true, weight: Math.max(1, (this.#seen.get(exemplar.label) ?? 1) / (held.get(exemplar.label) ?? 1)) }))
    for (const { id, label, features, bytes, group } of items) {
      if (features.length !== width) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected features of ${id} to have ${width ?? 0} numbers, got ${features.length}`)
      if (known.has(id)) continue
      known.add(id)
      this.#seen.set(label, (this.#seen.get(label) ?? 0) + 1)
      pool.push({ id, label, features, bytes, group, priority: this.#random(), weight: 1, kept: false, score: null })
    }
    return pool
  }
}

/** The longest beginning within the bytes; one that is larger than all of them is left out. */
function fitting (choices: readonly Choice[], bounds: BufferBounds): Exemplar[] {
  const kept: Exemplar[] = []
  let bytes = 0
  for (const { candidate, reason, score } of choices) {
    if (candidate.bytes > bounds.bytes) continue
    bytes += candidate.bytes
    if (bytes > bounds.bytes || kept.length >= bounds.items) break
    kept.push({ ...candidate, kept: true, reason, score: score ?? candidate.score })
  }
  return kept
}
