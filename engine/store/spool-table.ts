/** The spool's records on disk: a queue in one SQLite file. Runs in the I/O thread; `spool.ts` is its face. */
import { rmSync, statSync, writeFileSync } from 'node:fs'
import { Database, isDiskFull } from './database.ts'

/** A record on its way to Kafka. */
export interface SpoolRecord {
  topic: string
  key: string | null
  /** JSON text. */
  value: string
  /** Where in `value` to write the time of handing over (`$.times.published`), or `null`. */
  stampPath: string | null
}

export interface SpooledRecord {
  /** Grows by age; never used twice. */
  position: number
  topic: string
  key: string | null
  value: string
}

export interface SpoolOptions {
  path: string
  maximumRecords: number
  /** Of keys and values; the file is somewhat larger. */
  maximumBytes: number
}

export interface SpoolState {
  records: number
  bytes: number
  /** Refused by the broker for good, and kept for a person to look at. */
  setAside: number
}

/** What a record costs beside its text: row header, position, topic. */
const RECORD_OVERHEAD = 64
/** Refused records that are kept at most. */
const SET_ASIDE_KEPT = 1000
/** An emptied file larger than this is shrunk. */
const SHRINK_ABOVE = 16 * 1024 * 1024

/** Held back beside the file: on a full disk even taking a record out needs room, for the journal. */
const RESERVE_BYTES = 256 * 1024

const schema = `
  CREATE TABLE IF NOT EXISTS spool (position INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, key TEXT, value TEXT NOT NULL, stamp TEXT, size INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS set_aside (position INTEGER PRIMARY KEY, topic TEXT NOT NULL, key TEXT, value TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
`

export class SpoolTable {
  readonly #database: Database
  readonly #options: SpoolOptions
  #records: number
  #bytes: number

  constructor (options: SpoolOptions) {
    this.#options = options
    this.#database = new Database(options.path, { durable: true, schema })
    const held = this.#database.get<{ records: number, bytes: number }>('SELECT COUNT(*) AS records, COALESCE(SUM(size), 0) AS bytes FROM spool')
    this.#records = held?.records ?? 0
    this.#bytes = held?.bytes ?? 0
    this.#holdReserve()
  }

  /** One transaction, one flush. Says of each record whether it is now safe; `false` = no room within the limits. */
  append (records: readonly SpoolRecord[]): boolean[] {
    const { maximumRecords, maximumBytes } = this.#options
    let count = this.#records
    let bytes = this.#bytes
    const kept = this.#database.transaction(() => records.map(({ topic, key, value, stampPath }) => {
      const size = Buffer.byteLength(value) + Buffer.byteLength(key ?? '') + RECORD_OVERHEAD
      if (count >= maximumRecords || bytes + size > maximumBytes) return false
      this.#database.run('INSERT INTO spool (topic, key, value, stamp, size) VALUES (?, ?, ?, ?, ?)', topic, key, value, stampPath, size)
      count += 1
      bytes += size
      return true
    }))
    this.#records = count
    this.#bytes = bytes
    return kept
  }

  /** The oldest records after `after`, at most `maximumRecords` and, beyond the first, `maximumBytes`. `stamp` is written where a record asks for it. */
  peek (after: number, maximumRecords: number, maximumBytes: number, stamp: string): SpooledRecord[] {
    const rows = this.#database.all<SpooledRecord & { size: number }>(`
      SELECT position, topic, key, size, CASE WHEN stamp IS NULL THEN value ELSE json_set(value, stamp, ?) END AS value
      FROM spool WHERE position > ? ORDER BY position LIMIT ?`, stamp, after, maximumRecords)
    const batch: SpooledRecord[] = []
    let bytes = 0
    for (const { position, topic, key, value, size } of rows) {
      bytes += size
      if (batch.length > 0 && bytes > maximumBytes) break
      batch.push({ position, topic, key, value })
    }
    return batch
  }

  /** Everything up to `position` has arrived and may go. */
  acknowledge (position: number): SpoolState {
    const gone = this.#takeOut(() => {
      const sums = this.#database.get<{ records: number, bytes: number }>('SELECT COUNT(*) AS records, COALESCE(SUM(size), 0) AS bytes FROM spool WHERE position <= ?', position)
      this.#database.run('DELETE FROM spool WHERE position <= ?', position)
      return sums ?? { records: 0, bytes: 0 }
    })
    this.#records -= gone.records
    this.#bytes -= gone.bytes
    if (this.#records === 0) this.#shrink()
    return this.state()
  }

  /** Takes one record out of the queue for good; the newest of these are kept with the reason. */
  setAside (position: number, reason: string): SpoolState {
    const size = this.#takeOut(() => {
      const row = this.#database.get<{ size: number }>('SELECT size FROM spool WHERE position = ?', position)
      this.#database.run('INSERT OR REPLACE INTO set_aside SELECT position, topic, key, value, ? FROM spool WHERE position = ?', reason, position)
      this.#database.run('DELETE FROM spool WHERE position = ?', position)
      this.#database.run('DELETE FROM set_aside WHERE position NOT IN (SELECT position FROM set_aside ORDER BY position DESC LIMIT ?)', SET_ASIDE_KEPT)
      return row?.size
    })
    if (size !== undefined) {
      this.#records -= 1
      this.#bytes -= size
    }
    return this.state()
  }

  state (): SpoolState {
    const setAside = this.#database.get<{ count: number }>('SELECT COUNT(*) AS count FROM set_aside')?.count ?? 0
    return { records: this.#records, bytes: this.#bytes, setAside }
  }

  close (): void {
    this.#database.close()
    rmSync(this.#reserve, { force: true })
  }

  /** A transaction that makes the queue shorter, which a full disk must not prevent. */
  #takeOut<T> (work: () => T): T {
    try {
      return this.#database.transaction(work)
    } catch (error) {
      if (!isDiskFull(error)) throw error
      rmSync(this.#reserve, { force: true })
      const result = this.#database.transaction(work)
      try {
        this.#database.checkpoint()
      } catch { /* the next one has the freed pages to write into */ }
      this.#holdReserve()
      return result
    }
  }

  get #reserve (): string {
    return `${this.#options.path}-reserve`
  }

  /** Without room for it there is none; the next time the queue is shortened it is tried again. */
  #holdReserve (): void {
    try {
      if (statSync(this.#reserve, { throwIfNoEntry: false })?.size !== RESERVE_BYTES) writeFileSync(this.#reserve, new Uint8Array(RESERVE_BYTES))
    } catch {
      rmSync(this.#reserve, { force: true })
    }
  }

  #shrink (): void {
    const pages = Number(Object.values(this.#database.get('PRAGMA page_count') ?? {})[0])
    const pageSize = Number(Object.values(this.#database.get('PRAGMA page_size') ?? {})[0])
    if (pages * pageSize > SHRINK_ABOVE) this.#database.run('VACUUM')
  }
}
