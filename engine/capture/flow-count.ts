/** Accounts for the pictures of one source over all its capture processes. */
import { Ledger, type LedgerSnapshot } from '../frame/ledger.ts'

export class FlowCount {
  readonly #ledger: Ledger
  readonly #reason: string
  #pulled = 0
  #dropped = 0
  #received = 0

  /** `reason` is why a process drops pictures: a newer one came, or nobody asked. */
  constructor (source: string, reason: string) {
    this.#ledger = new Ledger(`capture/${source}`)
    this.#reason = reason
  }

  /** Frames received from the process that runs now. */
  get received (): number {
    return this.#received
  }

  get pulled (): number {
    return this.#pulled
  }

  /** Totals that a process tells, out of order at times. */
  progress (pulled: number, dropped: number): void {
    this.#ledger.enter(Math.max(0, pulled - this.#pulled))
    if (dropped > this.#dropped) this.#ledger.drop(this.#reason, dropped - this.#dropped)
    this.#pulled = Math.max(this.#pulled, pulled)
    this.#dropped = Math.max(this.#dropped, dropped)
  }

  receive (): void {
    this.#received++
    this.#ledger.leave()
  }

  /** The process is gone, and with it the pictures under way. */
  processGone (): void {
    const { inFlight } = this.#ledger.snapshot()
    if (inFlight > 0) this.#ledger.drop('process-ended', inFlight)
    this.#pulled = this.#dropped = this.#received = 0
  }

  snapshot (): LedgerSnapshot {
    return this.#ledger.snapshot()
  }

  close (): void {
    this.#ledger.close()
  }
}
