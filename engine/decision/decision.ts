/**
 * Accept, review or reject, from good parts only: two limits on the score, each from held-out good parts, and a statement of what so many
 * parts can promise. Products whose good parts score apart may have limits of their own.
 */
import type { Verdict, VerdictReason } from '../../schemas/inspection.ts'
import type { WeakPromise } from '../../schemas/live.ts'
import { GoodpartsError } from '../errors.ts'
import { goodScoreLimit, type GoodScoreLimit } from './good-score-limit.ts'
import { falseRejectQuantile, goodPartsNeeded } from './order-statistics.ts'

export interface DecisionOptions {
  /** Scores of good parts that the fit did not see; any order. */
  calibrationScores: readonly number[]
  /** Scores of products that have limits of their own, by the product's name; any order. */
  productScores?: Readonly<Record<string, readonly number[]>>
  /** Share of good parts that may go to review or reject, default 0.05. */
  reviewRate?: number
  /** Share of good parts that may be rejected, default 0.005. */
  rejectRate?: number
}

export interface Judgement {
  verdict: Verdict
  /** `null` when the score is no number. */
  pValue: number | null
  reason: { code: VerdictReason, text: string }
}

export interface Decision {
  /** A score above, not at, a limit is beyond it. */
  readonly limits: { review: number, reject: number }
  /** What the limits promise, in sentences; those of products that have limits of their own are named. */
  readonly statement: string
  /** Of the review limit; `null` where it promises what was asked. */
  readonly weakPromise: WeakPromise | null
  judge (score: number): Judgement
  /** Products that have limits of their own, with what is decided of them. */
  readonly products: ReadonlyMap<string, Decision>
  /** By the limits of this product; the decision itself where the product has none, or is not known. */
  forProduct (product: string | null): Decision
}

/** @throws GOODPARTS_ARGUMENT without a finite score, or unless `0 < rejectRate <= reviewRate < 1`. */
export function createDecision ({ productScores = {}, calibrationScores, reviewRate, rejectRate }: DecisionOptions): Decision {
  const own = new Map(Object.entries(productScores).map(([product, scores]) => [product, oneDecision({ calibrationScores: scores, reviewRate, rejectRate }, new Map())]))
  return oneDecision({ calibrationScores, reviewRate, rejectRate }, own)
}

function oneDecision ({ calibrationScores, reviewRate = 0.05, rejectRate = 0.005 }: { calibrationScores: readonly number[], reviewRate: number | undefined, rejectRate: number | undefined }, own: ReadonlyMap<string, Decision>): Decision {
  const ascending = Float64Array.from(calibrationScores).sort()
  if (ascending.length === 0 || !ascending.every(Number.isFinite)) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected scores of held-out good parts, got ${ascending.length === 0 ? 'none' : 'one that is no finite number'}`)
  }
  if (!(rejectRate > 0 && rejectRate <= reviewRate && reviewRate < 1)) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected 0 < reject rate <= review rate < 1, got reject ${rejectRate} and review ${reviewRate}`)
  }
  const review = goodScoreLimit([...ascending], reviewRate)
  const reject = goodScoreLimit([...ascending], rejectRate)
  const limits = { review: review.limit, reject: reject.limit }
  const decision: Decision = {
    limits,
    statement: [
      promise('review', reviewRate, review, ascending.length), promise('reject', rejectRate, reject, ascending.length),
      ...[...own].map(([product, { statement }]) => `For ${product}: ${statement}`)
    ].join(' '),
    weakPromise: review.rank === null ? { asked: reviewRate, promised: 1 / (ascending.length + 1), atMost: falseRejectQuantile(1, ascending.length, 0.95), heldOut: ascending.length, needed: partsPromising(reviewRate) } : null,
    judge: (score) => judge(score, limits, ascending),
    products: own,
    forProduct: (product) => own.get(product ?? '') ?? decision
  }
  return decision
}

/**
 * Conformal p-value `(1 + #{s_i >= score}) / (n + 1)`: for a good part, at most `alpha` with probability at most `alpha` (Vovk et al. 2005).
 * @param ascending scores of held-out good parts
 */
export function conformalPValue (ascending: Float64Array | readonly number[], score: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ascending[middle] as number) >= score) high = middle
    else low = middle + 1
  }
  return (1 + ascending.length - low) / (ascending.length + 1)
}

function judge (score: number, limits: Decision['limits'], ascending: Float64Array): Judgement {
  if (!Number.isFinite(score)) {
    return { verdict: 'not-inspected', pValue: null, reason: { code: 'scoring-failed', text: `Expected the score to be a number, got ${score}` } }
  }
  const pValue = conformalPValue(ascending, score)
  const shown = `Score ${score.toPrecision(4)}`
  if (score > limits.reject) {
    return { verdict: 'reject', pValue, reason: { code: 'above-reject-limit', text: `${shown} is above the reject limit ${limits.reject.toPrecision(4)}` } }
  }
  if (score > limits.review) {
    return { verdict: 'review', pValue, reason: { code: 'above-review-limit', text: `${shown} is above the review limit ${limits.review.toPrecision(4)}` } }
  }
  return { verdict: 'good', pValue, reason: { code: 'within-limits', text: `${shown} is within the review limit ${limits.review.toPrecision(4)}` } }
}

function promise (name: 'review' | 'reject', rate: number, { limit, rank }: GoodScoreLimit, n: number): string {
  const upper = (k: number): string => percent(falseRejectQuantile(k, n, 0.95))
  const Name = name === 'review' ? 'Review' : 'Reject'
  if (rank !== null) {
    return `${Name} limit ${limit.toPrecision(4)}: on average at most ${percent(rate)} of good parts exceed it; for this set of ${n} held-out good parts, at most ${upper(rank)} with 95 % confidence.`
  }
  return `${Name} limit ${limit.toPrecision(4)}, an estimate from the tail of the good scores. With ${n} held-out good parts a false-${name} rate under ${percent(1 / (n + 1))} cannot be promised: ` +
    `already the highest of their scores is exceeded by that share of good parts on average, and by at most ${upper(1)} with 95 % confidence. ` +
    `For ${percent(rate)}, ${partsPromising(rate)} held-out good parts would promise it on average, ${goodPartsNeeded(rate)} with 95 % confidence.`
}

/** Fewest held-out good parts whose highest score is exceeded by at most that share of good parts on average. */
function partsPromising (rate: number): number {
  return Math.ceil(1 / rate - 1e-9) - 1
}

function percent (share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`
}
