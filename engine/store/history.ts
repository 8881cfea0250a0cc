/** The recent past of every line: inspections, and the pictures of those that somebody may want to see again. Never delays a verdict. */
import type { InspectionRecord } from '../../schemas/inspection.ts'
import { Store } from './io-thread.ts'
import type { HistoryEntry, HistoryQuery, Picture } from './history-table.ts'

export interface HistoryConfiguration {
  folder: string
  /** Default 100,000. */
  maximumInspections?: number
  /** Default 512 MiB. */
  maximumPictureBytes?: number
  /** Entries that may wait for the disk; more are left out and counted. Default 200. */
  maximumWaiting?: number
}

export class History {
  readonly #store: Store<'history'>
  readonly #maximumWaiting: number
  #waiting = 0
  #leftOut = 0

  constructor ({ folder, maximumInspections = 100_000, maximumPictureBytes = 512 * 1024 ** 2, maximumWaiting = 200 }: HistoryConfiguration) {
    this.#store = new Store('history', { folder, maximumInspections, maximumPictureBytes })
    this.#maximumWaiting = maximumWaiting
  }

  /** Entries that the disk was too slow for. */
  get leftOut (): number {
    return this.#leftOut
  }

  /**
   * Keeps a record and, where given, its picture (encoded, for example JPEG). The same event id again replaces the record.
   * Resolves to the picture's address, or `null` without one or when the entry was left out.
   * @throws GOODPARTS_STORE_FAILED
   */
  async add (record: InspectionRecord, picture: { bytes: Uint8Array, mediaType: string } | null = null): Promise<Picture | null> {
    if (this.#waiting >= this.#maximumWaiting) {
      this.#leftOut += 1
      return null
    }
    this.#waiting += 1
    try {
      return await this.#store.call('add', record, picture)
    } finally {
      this.#waiting -= 1
    }
  }

  /** Newest first. @throws GOODPARTS_STORE_FAILED */
  async recent (query: HistoryQuery = {}): Promise<HistoryEntry[]> {
    return await this.#store.call('recent', query)
  }

  /** The bytes of a picture, or `null` once it had to make room. @throws GOODPARTS_STORE_FAILED */
  async picture (sha256: string): Promise<{ bytes: Uint8Array, mediaType: string } | null> {
    return await this.#store.call('picture', sha256)
  }

  async close (): Promise<void> {
    await this.#store.close()
  }
}
