/** Does something at once, and however often it is asked for, at most once in so long; what is asked for meanwhile is done after. */
export class AtMostEvery {
  readonly #milliseconds: number
  readonly #work: () => void
  #timer: NodeJS.Timeout | undefined
  #isAsked = false

  constructor (milliseconds: number, work: () => void) {
    this.#milliseconds = milliseconds
    this.#work = work
  }

  ask (): void {
    this.#isAsked = true
    if (this.#timer === undefined) this.#do()
  }

  /** Nothing is done after. */
  close (): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isAsked = false
  }

  #do (): void {
    this.#timer = undefined
    if (!this.#isAsked) return
    this.#isAsked = false
    this.#timer = setTimeout(() => { this.#do() }, this.#milliseconds).unref()
    this.#work()
  }
}
