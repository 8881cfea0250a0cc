/** The contract of every classifier that learns lot by lot. */
import type { ReplayItem } from '../buffers/replay-policy.ts'

export interface Classifier {
  /** Seen so far, in order of first sight. */
  readonly classes: readonly string[]
  /** In the order of `classes`, adding up to 1; empty before anything was learned. */
  probabilities (features: Float32Array): Float64Array
}

/** A learner that answers at once. */
export interface QuickLearner extends Classifier {
  learn (lot: readonly ReplayItem[]): void
}

export interface Learner extends Classifier {
  /** One lot: a new product, a new kind of defect, a day. Never sees earlier lots again but for what it keeps itself. */
  learn (lot: readonly ReplayItem[]): void | Promise<void>
  /** Of learners that answer by a graph: to be awaited, after each lot, before their probabilities of these pictures are asked for. */
  prepare? (items: readonly ReplayItem[]): Promise<void>
}

/** The class of the largest probability, the first of equals; `undefined` before anything was learned. */
export function mostProbable ({ classes, probabilities }: { classes: readonly string[], probabilities: Float64Array }): string | undefined {
  let best = 0
  probabilities.forEach((value, index) => { if (value > (probabilities[best] as number)) best = index })
  return classes[best]
}

/** `exp(v_i) / Σ exp(v_j)`, written into `values`. */
export function softmax (values: Float64Array): Float64Array {
  const largest = values.reduce((most, value) => Math.max(most, value), -Infinity)
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] = Math.exp((values[i] as number) - largest)
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) / sum
  return values
}
