/**
 * Accounts for every item at one hop: `in = out + dropped(by reason) + in flight`, always.
 * The sum is shown on nodes, at `/metrics`, and asserted in tests.
 */
export interface LedgerSnapshot {
  hop: string
  in: number
  out: number
  dropped: Record<string, number>
  inFlight: number
}

const open = new Set<Ledger>()

export class Ledger {
  readonly hop: string
  #in = 0
  #out = 0
  #dropped = new Map<string, number>()

  /** `hop` names the place, for example `score/<node id>`. The ledger shows in `allLedgers` until closed. */
  constructor (hop: string) {
    this.hop = hop
    open.add(this)
  }

  enter (count = 1): void {
    this.#in += count
  }

  leave (count = 1): void {
    this.#out += count
  }

  drop (reason: string, count = 1): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + count)
  }

  snapshot (): LedgerSnapshot {
    const dropped = Object.fromEntries(this.#dropped)
    const lost = Object.values(dropped).reduce((sum, n) => sum + n, 0)
    return { hop: this.hop, in: this.#in, out: this.#out, dropped, inFlight: this.#in - this.#out - lost }
  }

  close (): void {
    open.delete(this)
  }
}

/** Every open ledger of this process, for `/metrics`. */
export function allLedgers (): LedgerSnapshot[] {
  return [...open].map((ledger) => ledger.snapshot())
}
