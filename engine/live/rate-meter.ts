/** Events per second over the last few seconds. */
const WINDOW_MS = 3000
const SLOT_MS = 250
const SLOTS = WINDOW_MS / SLOT_MS

export class RateMeter {
  readonly #now: () => number
  readonly #slots = new Uint32Array(SLOTS)
  #head: number
  #first: number | undefined

  constructor (now: () => number = Date.now) {
    this.#now = now
    this.#head = Math.floor(now() / SLOT_MS)
  }

  mark (): void {
    this.#advance()
    this.#first ??= this.#now()
    const slot = this.#head % SLOTS
    this.#slots[slot] = (this.#slots[slot] ?? 0) + 1
  }

  perSecond (): number {
    this.#advance()
    if (this.#first === undefined) return 0
    const total = this.#slots.reduce((sum, n) => sum + n, 0)
    const full = WINDOW_MS - SLOT_MS + this.#now() % SLOT_MS
    const elapsed = Math.min(full, Math.max(1000, this.#now() - this.#first))
    return total * 1000 / elapsed
  }

  #advance (): void {
    const head = Math.floor(this.#now() / SLOT_MS)
    for (let step = 0; this.#head < head && step < SLOTS; step++) {
      this.#head++
      this.#slots[this.#head % SLOTS] = 0
    }
    this.#head = head
  }
}
