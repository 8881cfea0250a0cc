/** Percentiles over the last few hundred samples. */
const SAMPLES = 512

export class LatencyWindow {
  readonly #samples = new Float64Array(SAMPLES)
  #count = 0

  /** Milliseconds. */
  add (milliseconds: number): void {
    this.#samples[this.#count++ % SAMPLES] = milliseconds
  }

  /** Nearest rank; `null` before the first sample. */
  percentiles (): { median: number, p95: number, p99: number } | null {
    const sorted = this.#samples.slice(0, Math.min(this.#count, SAMPLES)).sort()
    if (sorted.length === 0) return null
    const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number
    return { median: rank(0.5), p95: rank(0.95), p99: rank(0.99) }
  }
}
