/**
 * Whether scores still come from where the calibration scores came from. A conformal test martingale (Vovk, Nouretdinov, Gammerman 2003): each
 * score's smoothed p-value among all before it is uniform while nothing changes; a bet on small ones, `ε p^(ε-1)`, then grows without bound
 * only with a change. The bet is spread over several ε and over the moment at which it begins, so that a late change is found too.
 */
import type { Random } from '../../random.ts'

const exponents = [0.1, 0.3, 0.5, 0.7, 0.9]

/** Scores that are kept to compare with; the next ones are compared with these alone. */
const mostScores = 20_000

export class ScoreMartingale {
  readonly #alarmAt: number
  readonly #random: Random
  readonly #scores: number[]
  /** Per ε, what the bets that have begun are worth. */
  readonly #begun = new Float64Array(exponents.length)
  #seen = 0

  /**
   * @param calibrationScores Of good parts that the fit did not see.
   * @param falseAlarmRate By Ville's inequality the probability that it ever alarms while nothing changes is at most this.
   */
  constructor (calibrationScores: readonly number[], falseAlarmRate: number, random: Random) {
    this.#scores = [...calibrationScores].sort((a, b) => a - b)
    this.#alarmAt = 1 / falseAlarmRate
    this.#random = random
  }

  /** What 1 staked at the beginning is worth now. */
  get value (): number {
    // Begun is, by the harmonic prior Σ 1/(k(k+1)), all but 1/(n+1).
    return this.#begun.reduce((sum, worth) => sum + worth, 0) / exponents.length + 1 / (this.#seen + 1)
  }

  get alarming (): boolean {
    return this.value >= this.#alarmAt
  }

  /** @returns the score's smoothed p-value, uniform on (0, 1] while nothing changes. */
  observe (score: number): number {
    const n = this.#scores.length
    const below = position(this.#scores, score, false)
    const upTo = position(this.#scores, score, true)
    const p = Math.max(Number.MIN_VALUE, (n - upTo + (1 - this.#random()) * (upTo - below + 1)) / (n + 1))
    this.#seen++
    const starting = 1 / (this.#seen * (this.#seen + 1))
    exponents.forEach((exponent, index) => {
      this.#begun[index] = ((this.#begun[index] as number) + starting) * exponent * p ** (exponent - 1)
    })
    if (n < mostScores) this.#scores.splice(below, 0, score)
    return p
  }
}

/** How many of the ascending scores are below `score`, or with `included` at most it. */
function position (ascending: readonly number[], score: number, included: boolean): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >> 1
    const value = ascending[middle] as number
    if (value < score || (included && value === score)) low = middle + 1
    else high = middle
  }
  return low
}
