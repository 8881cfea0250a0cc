const WINDOW = 60

/** Frames per second over the last frames, falling while none comes. */
export class FrameRate {
  readonly #times: number[] = []

  /** `now` in milliseconds. */
  add (now: number): void {
    this.#times.push(now)
    if (this.#times.length > WINDOW) this.#times.shift()
  }

  at (now: number): number {
    const first = this.#times[0]
    const last = this.#times.at(-1)
    if (first === undefined || last === undefined || this.#times.length < 2) return 0
    const period = (last - first) / (this.#times.length - 1)
    // Late by more than two periods: the pause counts as well.
    const until = now - last > 2 * period ? now : last
    return until === first ? 0 : Math.round(10000 * (this.#times.length - 1) / (until - first)) / 10
  }

  clear (): void {
    this.#times.length = 0
  }
}
