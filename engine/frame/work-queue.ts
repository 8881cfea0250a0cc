/** Runs one piece of work after the other, the more urgent first, with a bounded number waiting. */
import { GoodpartsError } from '../errors.ts'
import { Ledger, type LedgerSnapshot } from './ledger.ts'

export interface WorkOptions {
  /** Default 0. */
  urgency?: number
  /** By which it may be hurried. */
  name?: string
}

interface Piece {
  urgency: number
  name: string | undefined
  /** Resolves with what tells the outcome. */
  run: () => Promise<() => void>
  displace: () => void
}

export class WorkQueue {
  readonly #capacity: number
  readonly #ledger: Ledger
  /** In the order in which they will run. */
  readonly #waiting: Piece[] = []
  #running: Piece | undefined
  #ended: Promise<void> = Promise.resolve()
  #closed = false

  /** `hop` names the place for the ledger; at most `capacity` pieces wait or run, and one more while a less urgent one runs. */
  constructor (hop: string, capacity: number) {
    this.#ledger = new Ledger(hop)
    this.#capacity = capacity
  }

  /**
   * Those of one urgency run in order, before all that are less urgent; what runs already is not interrupted.
   * @throws GOODPARTS_QUEUE_FULL at once when `capacity` pieces that are no less urgent wait or run, or when the queue was closed; later when it
   * still waits and more urgent pieces need its place; and what `work` throws.
   */
  async run<Result> (work: () => Promise<Result>, { urgency = 0, name }: WorkOptions = {}): Promise<Result> {
    this.#ledger.enter()
    if (this.#closed) throw this.#refusal('closed', 'Expected the queue to be open, got work after it was closed')
    if (this.#isFull(urgency)) throw this.#refusal('queue-full', `Expected at most ${this.#capacity} to wait, got one more`)
    return new Promise<Result>((resolve, reject) => {
      this.#add({
        urgency,
        name,
        run: async () => {
          const outcome = this.#count(work)
          await outcome.catch(() => {})
          return () => { resolve(outcome) }
        },
        displace: () => { reject(this.#refusal('displaced', 'Expected the place in the queue to be kept, got more urgent work that needed it')) }
      })
    })
  }

  /** Refuses one piece, and counts it, if `run` would because the queue is full. For who meets that often: an error costs more. @returns Whether it did. */
  turnAway (urgency = 0): boolean {
    if (this.#closed || !this.#isFull(urgency)) return false
    this.#ledger.enter()
    this.#ledger.drop('queue-full')
    return true
  }

  /** Makes one that still waits as urgent; one that runs goes on. */
  hurry (name: string, urgency: number): void {
    const index = this.#waiting.findIndex((piece) => piece.name === name && piece.urgency < urgency)
    const [piece] = index < 0 ? [] : this.#waiting.splice(index, 1)
    if (piece !== undefined) this.#line({ ...piece, urgency })
  }

  get ledger (): LedgerSnapshot {
    return this.#ledger.snapshot()
  }

  /** Takes nothing more; resolves when what was taken is done. */
  async close (): Promise<void> {
    this.#closed = true
    await this.#ended
    this.#ledger.close()
  }

  #isFull (urgency: number): boolean {
    let ahead = this.#running !== undefined && this.#running.urgency >= urgency ? 1 : 0
    for (const piece of this.#waiting) if (piece.urgency >= urgency) ahead++
    return ahead >= this.#capacity
  }

  #add (piece: Piece): void {
    this.#line(piece)
    const last = this.#waiting.at(-1)
    if (this.#waiting.length + (this.#running === undefined ? 0 : 1) > this.#capacity && last !== undefined && last.urgency < piece.urgency) {
      this.#waiting.pop()
      last.displace()
    }
    if (this.#running === undefined) this.#ended = this.#runAll()
  }

  #line (piece: Piece): void {
    const later = this.#waiting.findIndex(({ urgency }) => urgency < piece.urgency)
    this.#waiting.splice(later < 0 ? this.#waiting.length : later, 0, piece)
  }

  async #runAll (): Promise<void> {
    while ((this.#running = this.#waiting.shift()) !== undefined) {
      const tell = await this.#running.run()
      // Who hears it may bring more work: there is room.
      this.#running = undefined
      tell()
    }
  }

  async #count<Result> (work: () => Promise<Result>): Promise<Result> {
    try {
      const result = await work()
      this.#ledger.leave()
      return result
    } catch (error) {
      this.#ledger.drop('failed')
      throw error
    }
  }

  #refusal (reason: string, message: string): GoodpartsError {
    this.#ledger.drop(reason)
    return new GoodpartsError('GOODPARTS_QUEUE_FULL', message)
  }
}
