/** Runs one piece of work after the other, in order, with a bounded number waiting. */
import { GoodpartsError } from '../errors.ts'
import { Ledger, type LedgerSnapshot } from './ledger.ts'

export class WorkQueue {
  readonly #capacity: number
  readonly #ledger: Ledger
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #closed = false

  /** `hop` names the place for the ledger; at most `capacity` pieces wait or run. */
  constructor (hop: string, capacity: number) {
    this.#ledger = new Ledger(hop)
    this.#capacity = capacity
  }

  /** @throws GOODPARTS_QUEUE_FULL at once when `capacity` pieces wait, or when the queue was closed; and what `work` throws. */
  async run<Result> (work: () => Promise<Result>): Promise<Result> {
    this.#ledger.enter()
    if (this.#closed) return this.#refuse('closed', 'Expected the queue to be open, got work after it was closed')
    if (this.#waiting >= this.#capacity) return this.#refuse('queue-full', `Expected at most ${this.#capacity} to wait, got one more`)
    this.#waiting++
    const turn = this.#last.then(async () => this.#count(work))
    this.#last = turn.then(() => {}, () => {})
    try {
      return await turn
    } finally {
      this.#waiting--
    }
  }

  get ledger (): LedgerSnapshot {
    return this.#ledger.snapshot()
  }

  /** Takes nothing more; resolves when what was taken is done. */
  async close (): Promise<void> {
    this.#closed = true
    await this.#last
    this.#ledger.close()
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

  #refuse (reason: string, message: string): never {
    this.#ledger.drop(reason)
    throw new GoodpartsError('GOODPARTS_QUEUE_FULL', message)
  }
}
