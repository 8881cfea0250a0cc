/** Who gives wrong tokens has to wait: a secret must not be found by asking often. Right ones wait too, or the answers would tell them apart. */
const MOST = 10
const WINDOW_MS = 1000
const ADDRESSES = 1000

export class TokenGuesses {
  readonly #now: () => number
  readonly #wrong = new Map<string, { since: number, count: number }>()

  constructor (now: () => number = Date.now) {
    this.#now = now
  }

  /** Ten wrong tokens within a second came from this address. */
  isBlocked (address: string): boolean {
    return (this.#recent(address)?.count ?? 0) >= MOST
  }

  wrong (address: string): void {
    const recent = this.#recent(address)
    if (recent !== undefined) recent.count++
    else {
      this.#wrong.delete(address)
      this.#wrong.set(address, { since: this.#now(), count: 1 })
      if (this.#wrong.size > ADDRESSES) this.#wrong.delete(this.#wrong.keys().next().value ?? '')
    }
  }

  #recent (address: string): { since: number, count: number } | undefined {
    const found = this.#wrong.get(address)
    return found !== undefined && this.#now() - found.since < WINDOW_MS ? found : undefined
  }
}
