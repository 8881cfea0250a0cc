/**
 * A control chart of a slowly moving average (EWMA, Roberts 1959): the first values say what is usual, the following are compared with it.
 */
export interface ChartOptions {
  /** Values that say what is usual. */
  baseline: number
  /** Weight of the newest value. */
  weight: number
  /** Deviations of the average beyond which it alarms. */
  limit: number
  /** Deviations smaller than this are none: what never moved at all may move a little. */
  smallestDeviation: number
}

export const chartDefaults: ChartOptions = { baseline: 100, weight: 0.1, limit: 5, smallestDeviation: 1e-3 }

export class ControlChart {
  readonly #options: ChartOptions
  #count = 0
  #mean = 0
  #squares = 0
  #average = 0
  /** `(1 - weight)^2` to the number of values since the baseline. */
  #fading = 1

  constructor (options: Partial<ChartOptions> = {}) {
    this.#options = { ...chartDefaults, ...options }
  }

  /** `null` while the baseline is being taken. */
  get usual (): { mean: number, deviation: number } | null {
    return this.#count < this.#options.baseline ? null : { mean: this.#mean, deviation: Math.max(this.#options.smallestDeviation, Math.sqrt(this.#squares / (this.#options.baseline - 1))) }
  }

  /** The average in its own deviations from what is usual, 0 before that is known. */
  get deviations (): number {
    const { usual } = this
    if (usual === null || this.#fading === 1) return 0
    const { weight } = this.#options
    return (this.#average - usual.mean) / (usual.deviation * Math.sqrt(weight / (2 - weight) * (1 - this.#fading)))
  }

  get average (): number {
    return this.usual === null ? this.#mean : this.#average
  }

  get alarming (): boolean {
    return Math.abs(this.deviations) > this.#options.limit
  }

  observe (value: number): void {
    const { baseline, weight } = this.#options
    this.#count++
    if (this.#count <= baseline) {
      // Welford 1962.
      const difference = value - this.#mean
      this.#mean += difference / this.#count
      this.#squares += difference * (value - this.#mean)
      this.#average = this.#mean
      return
    }
    this.#average += weight * (value - this.#average)
    this.#fading *= (1 - weight) ** 2
  }
}
