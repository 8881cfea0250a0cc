/**
 * The contract of every replay policy: which of the pictures seen so far a bounded memory keeps, and why each. A policy is stateless;
 * what it needs from one lot to the next stands in the exemplars, so that a memory can be stored and read again.
 */
import type { Random } from '../../random.ts'
import type { LabelledPoint } from '../snnl.ts'

/** A labelled picture, seen through a frozen backbone or a network that is being trained. */
export interface ReplayItem extends LabelledPoint {
  /** Of the picture, unique. */
  id: string
  /** `(d)`, the same d throughout one memory. */
  features: Float32Array
  /** What keeping it costs on the disk. */
  bytes: number
  /** The physical part; `null` = a part of its own. */
  group: string | null
}

export interface Candidate extends ReplayItem {
  /** Uniform on [0, 1), drawn when it was first seen: the lowest of a set are a uniform sample of it, however often the set is cut. */
  priority: number
  /** How many items of its class it stands for: 1, or for one kept earlier its share of those that were not kept. */
  weight: number
  /** Whether the memory holds it already. */
  kept: boolean
  /** What the policy noted when it took it. */
  score: number | null
}

export interface Exemplar extends Candidate {
  /** For a person: why the policy keeps it. */
  reason: string
}

/** One that the policy takes; `score` replaces what it noted before. */
export interface Choice {
  candidate: Candidate
  reason: string
  score?: number
}

/** The classifier that the memory serves, for policies that look at its gradients. */
export interface Head {
  readonly classes: readonly string[]
  /** In the order of `classes`; adds up to 1. */
  probabilities (features: Float32Array): Float64Array
  /** The head after one step of plain gradient descent on the mean cross-entropy of a batch; the head itself stays as it is. */
  stepped (batch: readonly LabelledPoint[], learningRate: number): Head
}

export interface SelectionContext {
  /** How many may be kept. */
  items: number
  random: Random
  /** `null` before anything was learned. */
  head: Head | null
}

export interface RetrievalContext {
  /** How many to replay, at most. */
  count: number
  random: Random
  head: Head | null
  /** What the next step learns from. */
  incoming: readonly LabelledPoint[]
  learningRate: number
}

export interface ReplayPolicy {
  /** Its file's name. */
  readonly name: string
  readonly description: string
  /** Published as choosing after every step: a learner that takes steps lets it, and replays of the running lot too. The others choose when a lot is over. */
  readonly online?: true
  /** At most `items` of the pool (what is kept, then what came, in order of arrival), the most wanted first: a shorter memory keeps the beginning. */
  select (pool: readonly Candidate[], context: SelectionContext): Choice[]
  /** Those to replay in the next step; where a policy has no rule of its own, a random sample is drawn without replacement. */
  retrieve? (exemplars: readonly Exemplar[], context: RetrievalContext): Exemplar[]
}
