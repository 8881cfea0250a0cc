/**
 * Whether scores still come from where the calibration scores came from. A conformal test martingale (Vovk, Nouretdinov, Gammerman 2003): each
 * score's smoothed p-value among all before it is uniform while nothing changes; a bet on small ones then grows without bound only with a change.
 */
import type { Random } from '../../random.ts'
import { BettingMartingale } from './betting-martingale.ts'

/** Scores that are kept to compare with; the next ones are compared with these alone. */
const mostScores = 20_000

export class ScoreMartingale {
  readonly #bets: BettingMartingale
  readonly #random: Random
  readonly #scores: number[]

  /**
   * @param calibrationScores Of good parts that the fit did not see.
   * @param falseAlarmRate By Ville's inequality the probability that it ever alarms while nothing changes is at most this.
   */
  constructor (calibrationScores: readonly number[], falseAlarmRate: number, random: Random) {
    this.#scores = [...calibrationScores].sort((a, b) => a - b)
    this.#bets = new BettingMartingale(falseAlarmRate)
    this.#random = random
  }

  /** What 1 staked at the beginning is worth now. */
  get value (): number {
    return this.#bets.value
  }

  get alarming (): boolean {
    return this.#bets.alarming
  }

  /** @returns the score's smoothed p-value, uniform on (0, 1] while nothing changes. */
  observe (score: number): number {
    const n = this.#scores.length
    const below = position(this.#scores, score, false)
    const upTo = position(this.#scores, score, true)
    const p = Math.max(Number.MIN_VALUE, (n - upTo + (1 - this.#random()) * (upTo - below + 1)) / (n + 1))
    this.#bets.bet(p)
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
