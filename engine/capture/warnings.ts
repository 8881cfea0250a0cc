import type { Clock } from '../clock.ts'

const INTERVAL_MS = 1000

/** At most one warning a second; the others are counted into the next. */
export class Warnings {
  readonly #clock: Clock
  readonly #tell: (text: string) => void
  #cancel: (() => void) | undefined
  #held = 0
  #last = ''

  constructor (clock: Clock, tell: (text: string) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  add (text: string): void {
    this.#last = text
    if (this.#cancel !== undefined) {
      this.#held++
      return
    }
    this.#tell(text)
    this.#cancel = this.#clock.after(INTERVAL_MS, () => {
      this.#cancel = undefined
      if (this.#held === 0) return
      const count = this.#held
      this.#held = 0
      this.add(count === 1 ? this.#last : `${count} warnings, the last: ${this.#last}`)
    })
  }

  close (): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
