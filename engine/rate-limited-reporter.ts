import { systemClock, type Clock } from './clock.ts'

const INTERVAL_MS = 1000

/** Reports the first at once, then once a second at most, or in what other interval is given: the latest, and how many it stands for. None goes unreported. */
export class RateLimitedReporter<T> {
  readonly #report: (latest: T, count: number) => void
  readonly #clock: Clock
  readonly #intervalMs: number
  #cancel: (() => void) | undefined
  #held: { latest: T, count: number } | undefined

  constructor (report: (latest: T, count: number) => void, clock: Clock = systemClock, intervalMs = INTERVAL_MS) {
    this.#report = report
    this.#clock = clock
    this.#intervalMs = intervalMs
  }

  add (latest: T, count = 1): void {
    if (this.#cancel !== undefined) {
      this.#held = { latest, count: (this.#held?.count ?? 0) + count }
      return
    }
    this.#report(latest, count)
    this.#cancel = this.#clock.after(this.#intervalMs, () => {
      this.#cancel = undefined
      const held = this.#release()
      if (held !== undefined) this.add(held.latest, held.count)
    })
  }

  /** Reports what it holds, at once. */
  close (): void {
    this.#cancel?.()
    this.#cancel = undefined
    const held = this.#release()
    if (held !== undefined) this.#report(held.latest, held.count)
  }

  #release (): { latest: T, count: number } | undefined {
    const held = this.#held
    this.#held = undefined
    return held
  }
}
