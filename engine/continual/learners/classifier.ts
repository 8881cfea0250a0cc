/** The contract of every classifier that learns lot by lot. */
import type { ReplayItem } from '../buffers/replay-policy.ts'
import { logSumExp } from '../vectors.ts'

export interface Classifier {
  /** Seen so far, in order of first sight. */
  readonly classes: readonly string[]
  /** In the order of `classes`, adding up to 1; empty before anything was learned. */
  probabilities (features: Float32Array): Float64Array
  /** Their logarithms, of classifiers so sure that the smallest probabilities vanish: what is ranked by them must not be tied there. */
  logProbabilities? (features: Float32Array): Float64Array
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

export function logProbabilitiesOf (classifier: Classifier, features: Float32Array): Float64Array {
  return classifier.logProbabilities?.(features) ?? classifier.probabilities(features).map(Math.log)
}

/** One that answers as the learner does now, and learns no more. */
export function taught (learner: Learner): Learner {
  return {
    classes: learner.classes,
    probabilities: (features) => learner.probabilities(features),
    logProbabilities: (features) => logProbabilitiesOf(learner, features),
    prepare: async (items) => learner.prepare?.(items),
    learn: () => {}
  }
}

/** How much more probable the members are than the rest: `log Σ p - log Σ (1 - p)`, without a tie where either vanishes. */
export function logOdds (classifier: Classifier, features: Float32Array, isMember: (label: string) => boolean): number {
  const logarithms = logProbabilitiesOf(classifier, features)
  const of = (wanted: boolean): number => logSumExp([...logarithms].filter((_, index) => isMember(classifier.classes[index] ?? '') === wanted))
  return of(true) - of(false)
}

/** `v_i - log Σ exp(v_j)`. */
export function logSoftmax (values: Float64Array): Float64Array {
  const total = logSumExp(values)
  return values.map((value) => value - total)
}

/** `exp(v_i) / Σ exp(v_j)`, written into `values`. */
export function softmax (values: Float64Array): Float64Array {
  const largest = values.reduce((most, value) => Math.max(most, value), -Infinity)
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] = Math.exp((values[i] as number) - largest)
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) / sum
  return values
}
