/** How a line is doing just now, for a status of a few words. */
import type { Verdict } from '../../schemas/inspection.ts'

const WINDOW_MS = 10_000
const MOST = 500

export class VerdictTally {
  readonly #now: () => number
  #recent: Array<{ verdict: Verdict, at: number }> = []

  constructor (now: () => number = performance.now.bind(performance)) {
    this.#now = now
  }

  add (verdict: Verdict): void {
    const at = this.#now()
    this.#recent.push({ verdict, at })
    if (this.#recent.length > MOST) this.#recent.shift()
  }

  /** Over the last ten seconds (at most 500 parts). `goodShare` is of the parts that were inspected, `null` when none was. */
  summary (): { perSecond: number, goodShare: number | null, notInspected: number } {
    const now = this.#now()
    this.#recent = this.#recent.filter(({ at }) => at > now - WINDOW_MS)
    const inspected = this.#recent.filter(({ verdict }) => verdict !== 'not-inspected')
    const good = inspected.filter(({ verdict }) => verdict === 'good').length
    const first = inspected[0]
    return {
      perSecond: first === undefined || inspected.length < 2 ? 0 : (inspected.length - 1) * 1000 / Math.max(1, (inspected.at(-1)?.at ?? 0) - first.at),
      goodShare: inspected.length === 0 ? null : good / inspected.length,
      notInspected: this.#recent.length - inspected.length
    }
  }
}
