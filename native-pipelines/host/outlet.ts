/**
 * Between the graph and the pipe: at most one picture waits while another is being written. `newest` lets a newer picture
 * replace the one that waits; `every` makes the graph wait. Triggered, pictures leave only when asked for.
 */
import { MOST_ASKED } from '../../engine/capture/host-protocol.ts'
import type { Picture } from './frame-writer.ts'

interface Writer {
  write (picture: Picture, pulled: number, dropped: number): Promise<void>
}

interface OutletOptions {
  policy: 'newest' | 'every'
  triggered: boolean
}

export class Outlet {
  readonly #writer: Writer
  readonly #options: OutletOptions
  #held: Picture | undefined
  #writing = false
  #asked = 0
  #roomFor: (() => void) | undefined
  #idle: (() => void) | undefined
  pulled = 0
  dropped = 0
  sent = 0

  constructor (writer: Writer, options: OutletOptions) {
    this.#writer = writer
    this.#options = options
  }

  /** Whether the graph waits for somebody who is not the graph. */
  get waiting (): boolean {
    return this.#roomFor !== undefined
  }

  /** Resolves when the graph may bring the next picture. */
  async put (picture: Picture): Promise<void> {
    this.pulled++
    if (this.#held !== undefined) this.dropped++
    this.#held = picture
    this.#pump()
    if (this.#options.policy === 'every' && this.#isHolding()) await new Promise<void>((resolve) => { this.#roomFor = resolve })
  }

  /** One picture: the one at hand, or else the next. */
  trigger (): void {
    this.#asked = Math.min(this.#asked + 1, MOST_ASKED)
    this.#pump()
  }

  /** Resolves when nothing is left that may be sent. */
  async drained (): Promise<void> {
    while (this.#writing) await new Promise<void>((resolve) => { this.#idle = resolve })
  }

  #isHolding (): boolean {
    return this.#held !== undefined
  }

  #pump (): void {
    const picture = this.#held
    if (picture === undefined || this.#writing || (this.#options.triggered && this.#asked === 0)) return
    if (this.#options.triggered) this.#asked--
    this.#held = undefined
    this.#writing = true
    this.sent++
    this.#writer.write(picture, this.pulled, this.dropped).then(() => {
      this.#writing = false
      this.#pump()
      this.#idle?.()
      this.#idle = undefined
    }, () => undefined)
    this.#roomFor?.()
    this.#roomFor = undefined
  }
}
