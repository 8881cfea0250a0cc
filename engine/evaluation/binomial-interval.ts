import { falseRejectQuantile as betaQuantile } from '../decision/order-statistics.ts'
import type { Interval } from '../auroc.ts'

/**
 * Exact interval for a share of which `successes` of `trials` were seen (Clopper and Pearson 1934): from the quantile of
 * Beta(successes, trials − successes + 1) to that of Beta(successes + 1, trials − successes). `trials` 0 gives [0, 1].
 */
export function clopperPearson (successes: number, trials: number, confidence = 0.95): Interval {
  const tail = (1 - confidence) / 2
  return {
    low: successes === 0 ? 0 : betaQuantile(successes, trials, tail),
    high: successes === trials ? 1 : betaQuantile(successes + 1, trials, 1 - tail)
  }
}
