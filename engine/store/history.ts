/**
 * The recent past on disk: inspections that somebody may want to see again, each with its picture. It never delays a verdict: a bounded number waits
 * for the disk, more are left out and counted, and while the disk cannot be used, it is tried again at intervals.
 */
import type { InspectionRecord } from '../../schemas/inspection.ts'
import type { PartWord } from '../../schemas/learning.ts'
import type { GoodpartsError } from '../errors.ts'
import { asGoodpartsError } from '../errors.ts'
import { Ledger, type LedgerSnapshot } from '../frame/ledger.ts'
import { Store } from './io-thread.ts'
import type { HistoryEntry, HistoryQuery, Picture } from './history-table.ts'

export interface HistoryConfiguration {
  /** Of the database; folders are made. One history per file. */
  path: string
  /** Default 10,000. */
  maximumInspections?: number
  /** Default 512 MiB. */
  maximumPictureBytes?: number
  /** Told once when the disk cannot be used, and `null` once it can again. */
  onTrouble?: (problem: GoodpartsError | null) => void
  now?: () => number
}

const MAXIMUM_WAITING = 32
const RETRY_MS = 10_000

export class History {
  readonly #store: Store<'history'>
  readonly #ledger = new Ledger('store/history')
  readonly #onTrouble: (problem: GoodpartsError | null) => void
  readonly #now: () => number
  readonly #waiting = new Set<Promise<void>>()
  #problem: GoodpartsError | undefined
  #retryAt = 0
  #closed = false

  constructor ({ path, maximumInspections = 10_000, maximumPictureBytes = 512 * 1024 ** 2, onTrouble = () => {}, now = Date.now }: HistoryConfiguration) {
    this.#store = new Store('history', { path, maximumInspections, maximumPictureBytes })
    this.#onTrouble = onTrouble
    this.#now = now
  }

  get ledger (): LedgerSnapshot {
    return this.#ledger.snapshot()
  }

  /** Never throws. Resolves to whether the inspection is kept; the same event of the same line again takes the place of the first. */
  async add (line: string, record: InspectionRecord, picture: Picture): Promise<boolean> {
    this.#ledger.enter()
    if (this.#waiting.size >= MAXIMUM_WAITING) {
      this.#ledger.drop('disk-too-slow')
      return false
    }
    const written = this.#write(async () => this.#store.call('add', line, record, picture))
    this.#waiting.add(written)
    try {
      await written
      this.#ledger.leave()
      return true
    } catch (error) {
      this.#ledger.drop(asGoodpartsError(error, 'GOODPARTS_STORE_FAILED').code === 'GOODPARTS_QUEUE_FULL' ? 'disk-too-slow' : 'store-failed')
      return false
    } finally {
      this.#waiting.delete(written)
    }
  }

  /** Newest first. @throws GOODPARTS_STORE_FAILED */
  async recent (query: HistoryQuery): Promise<HistoryEntry[]> {
    return await this.#telling(async () => this.#store.call('recent', query))
  }

  /** Lines with an inspection scored since then (ISO 8601, UTC), at most so many, the one with the newest first. @throws GOODPARTS_STORE_FAILED */
  async lines (since: string, limit: number): Promise<string[]> {
    return await this.#telling(async () => this.#store.call('lines', since, limit))
  }

  /** The bytes of a picture, or `null` once it had to make room. @throws GOODPARTS_STORE_FAILED */
  async picture (sha256: string): Promise<Uint8Array | null> {
    return await this.#telling(async () => this.#store.call('picture', sha256))
  }

  /** One inspection, `null` once it had to make room. @throws GOODPARTS_STORE_FAILED */
  async inspection (line: string, eventId: string): Promise<HistoryEntry | null> {
    return await this.#telling(async () => this.#store.call('inspection', line, eventId))
  }

  /** The picture without loss, or `null`. @throws GOODPARTS_STORE_FAILED */
  async lossless (line: string, eventId: string): Promise<Uint8Array | null> {
    return await this.#telling(async () => this.#store.call('lossless', line, eventId))
  }

  /** Resolves when what a person says is on the disk; `null` takes it back. @throws GOODPARTS_STORE_FAILED */
  async say (line: string, eventId: string, word: PartWord | null): Promise<void> {
    await this.#write(async () => this.#store.call('say', line, eventId, word))
  }

  /** What was said last, oldest first. @throws GOODPARTS_STORE_FAILED */
  async words (line: string, limit: number): Promise<Array<[eventId: string, word: PartWord]>> {
    return await this.#telling(async () => this.#store.call('words', line, limit))
  }

  /** After what waits is written. */
  async close (): Promise<void> {
    this.#closed = true
    this.#ledger.close()
    await Promise.allSettled(this.#waiting)
    await this.#store.close()
  }

  /** Opening costs a thread: a disk that failed is left alone for a while. */
  async #write (work: () => Promise<void>): Promise<void> {
    if (this.#problem !== undefined && this.#now() < this.#retryAt) throw this.#problem
    await this.#telling(work)
    if (this.#problem !== undefined) this.#onTrouble(null)
    this.#problem = undefined
  }

  /** That reading works says nothing of writing: trouble ends with the next write. */
  async #telling<T> (work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      const problem = asGoodpartsError(cause, 'GOODPARTS_STORE_FAILED')
      if (problem.code === 'GOODPARTS_QUEUE_FULL' || this.#closed) throw problem
      this.#retryAt = this.#now() + RETRY_MS
      if (problem.message !== this.#problem?.message) this.#onTrouble(problem)
      this.#problem = problem
      throw problem
    }
  }
}
