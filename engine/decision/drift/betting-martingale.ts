/**
 * A bet against p-values that are independent and uniform: on small ones, `ε p^(ε-1)` (Vovk, Nouretdinov, Gammerman 2003), spread over several ε and
 * over the moment at which it begins, so that a late change is found too. Its value is 1 or less on average while nothing changes, at every moment.
 */
const exponents = [0.1, 0.3, 0.5, 0.7, 0.9]

export class BettingMartingale {
  readonly #alarmAt: number
  /** Per ε, what the bets that have begun are worth. */
  readonly #begun = new Float64Array(exponents.length)
  #seen = 0

  /** @param falseAlarmRate By Ville's inequality the probability that it ever alarms while nothing changes is at most this. */
  constructor (falseAlarmRate: number) {
    this.#alarmAt = 1 / falseAlarmRate
  }

  /** What 1 staked at the beginning is worth now. */
  get value (): number {
    // Begun is, by the harmonic prior Σ 1/(k(k+1)), all but 1/(n+1).
    return this.#begun.reduce((sum, worth) => sum + worth, 0) / exponents.length + 1 / (this.#seen + 1)
  }

  get alarming (): boolean {
    return this.value >= this.#alarmAt
  }

  /** @param p In (0, 1]. */
  bet (p: number): void {
    this.#seen++
    const starting = 1 / (this.#seen * (this.#seen + 1))
    exponents.forEach((exponent, index) => {
      this.#begun[index] = ((this.#begun[index] as number) + starting) * exponent * p ** (exponent - 1)
    })
  }
}
