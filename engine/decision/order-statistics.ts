/** What a limit taken from n held-out good scores can promise. */

/**
 * Quantile of the share of good parts above the k-th largest of n exchangeable scores: Beta(k, n + 1 - k) (Vovk 2012, conditional
 * validity of split conformal prediction). Found by bisection of the binomial tail, `P(Beta(k, n+1-k) <= x) = P(Binomial(n, x) >= k)`.
 * `k` 1 to `n`, `probability` in (0, 1).
 */
export function falseRejectQuantile (k: number, n: number, probability: number): number {
  let low = 0
  let high = 1
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (1 - binomialBelow(k, n, middle) < probability) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Good parts needed so that the largest of their scores is exceeded by at most `rate` of good parts, with `confidence`. */
export function goodPartsNeeded (rate: number, confidence = 0.95): number {
  return Math.ceil(Math.log(1 - confidence) / Math.log1p(-rate))
}

/** `P(Binomial(n, p) < k)`, summed in logarithms. */
function binomialBelow (k: number, n: number, p: number): number {
  let logTerm = n * Math.log1p(-p)
  let sum = 0
  for (let i = 0; i < k; i++) {
    sum += Math.exp(logTerm)
    logTerm += Math.log(n - i) - Math.log(i + 1) + Math.log(p) - Math.log1p(-p)
  }
  return Math.min(1, sum)
}
