/**
 * A bounded queue on disk, between the flow and Kafka. A record is safe once `append` resolves: the end of the process or of the power does
 * not lose it. The oldest are kept and the newest refused, never silently. Records that arrive while the disk flushes share the next flush.
 */
import { GoodpartsError } from '../errors.ts'
import { Store, StoreError } from './io-thread.ts'
import type { SpooledRecord, SpoolRecord, SpoolState } from './spool-table.ts'

export interface SpoolConfiguration {
  path: string
  /** Default 1,000,000. */
  maximumRecords?: number
  /** Default 1 GiB. */
  maximumBytes?: number
}

/** Records that may wait for the disk in memory. */
const MAXIMUM_WAITING = 10_000
/** Records of one flush. */
const MAXIMUM_BATCH = 1000

interface Waiting { record: SpoolRecord, resolve: () => void, reject: (error: GoodpartsError) => void }

export class Spool {
  readonly path: string
  readonly #store: Store<'spool'>
  readonly #limits: { maximumRecords: number, maximumBytes: number }
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined

  constructor ({ path, maximumRecords = 1_000_000, maximumBytes = 1024 ** 3 }: SpoolConfiguration) {
    this.path = path
    this.#limits = { maximumRecords, maximumBytes }
    this.#store = new Store('spool', { path, ...this.#limits })
  }

  /**
   * Resolves when the record is on the disk. Records are kept in the order of these calls.
   * @throws GOODPARTS_SPOOL_FULL (limit reached, disk full, or disk too slow), GOODPARTS_SPOOL_FAILED
   */
  async append (record: SpoolRecord): Promise<void> {
    if (this.#waiting.length >= MAXIMUM_WAITING) throw new GoodpartsError('GOODPARTS_SPOOL_FULL', `Expected the disk of ${this.path} to keep up, got ${this.#waiting.length} waiting records`)
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject })
      this.#writing ??= this.#write()
    })
  }

  /** The oldest records after `after`: see `SpoolTable.peek`. */
  async peek (after: number, maximumRecords: number, maximumBytes: number, stamp: string): Promise<SpooledRecord[]> {
    return await this.#failing(this.#store.call('peek', after, maximumRecords, maximumBytes, stamp))
  }

  async acknowledge (position: number): Promise<SpoolState> {
    return await this.#failing(this.#store.call('acknowledge', position))
  }

  async setAside (position: number, reason: string): Promise<SpoolState> {
    return await this.#failing(this.#store.call('setAside', position, reason))
  }

  async state (): Promise<SpoolState> {
    return await this.#failing(this.#store.call('state'))
  }

  /** After what waits is written. */
  async close (): Promise<void> {
    await this.#writing
    await this.#store.close()
  }

  async #write (): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAXIMUM_BATCH)
      try {
        const kept = await this.#failing(this.#store.call('append', batch.map(({ record }) => record)))
        batch.forEach(({ resolve, reject }, index) => {
          if (kept[index] === true) resolve()
          else reject(this.#full())
        })
      } catch (error) {
        for (const { reject } of batch) reject(error as GoodpartsError)
      }
    }
    this.#writing = undefined
  }

  #full (): GoodpartsError {
    const { maximumRecords, maximumBytes } = this.#limits
    return new GoodpartsError('GOODPARTS_SPOOL_FULL', `Expected ${this.path} to hold at most ${maximumRecords} records and ${maximumBytes} bytes, got one more`, { fix: 'Bring the broker back, or raise the limits of the spool' })
  }

  async #failing<T> (work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (!(error instanceof GoodpartsError) || error.code === 'GOODPARTS_DEPENDENCY_MISSING') throw error
      const code = error instanceof StoreError && error.diskFull ? 'GOODPARTS_SPOOL_FULL' : 'GOODPARTS_SPOOL_FAILED'
      throw new GoodpartsError(code, error.message, { cause: error, ...(error.fix === null ? {} : { fix: error.fix }) })
    }
  }
}
