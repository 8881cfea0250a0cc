/** The limit that a given share of good parts stays under, from the scores of held-out good parts. */

export interface GoodScoreLimit {
  /** Scores above it, not equal to it, are beyond the limit. */
  limit: number
  /** Rank from the top of the score that is the limit; `null` when the rate is below what the number of scores can promise. */
  rank: number | null
}

/** The share of the scores that the tail is fitted to, and the fewest that make one. */
const tailShare = 0.25
const fewestInTail = 3

/**
 * With `k = floor(rate * (n + 1))`, the k-th largest score: `score > limit` is the same as `p-value <= rate`, so that at most `rate` of good
 * parts exceed it on average (split conformal prediction, Papadopoulos et al. 2002). Below `1 / (n + 1)` there is no such score: the tail
 * is continued as an exponential, the limit law of excesses of light-tailed scores (Pickands 1975), never below the largest score.
 * @param ascending held-out good scores, at least one
 */
export function goodScoreLimit (ascending: readonly number[], rate: number): GoodScoreLimit {
  const n = ascending.length
  const rank = Math.floor(rate * (n + 1) + 1e-9)
  if (rank >= 1) return { limit: ascending[n - Math.min(rank, n)] as number, rank: Math.min(rank, n) }
  const largest = ascending[n - 1] as number
  const inTail = Math.min(n - 1, Math.max(fewestInTail, Math.ceil(n * tailShare)))
  if (inTail < 1) return { limit: largest, rank: null }
  const start = ascending[n - 1 - inTail] as number
  const scale = ascending.slice(n - inTail).reduce((sum, score) => sum + score - start, 0) / inTail
  return { limit: Math.max(largest, start + scale * Math.log(inTail / (rate * n))), rank: null }
}
