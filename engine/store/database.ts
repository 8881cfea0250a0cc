/** The one door to node:sqlite: opened when the first database is, with the settings that every store of ours wants. */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type * as Sqlite from 'node:sqlite'
import { GoodpartsError } from '../errors.ts'
import { makeFolder } from '../make-folder.ts'

/** Result codes of SQLite (sqlite.org/rescode.html). */
const BUSY = 5
const FULL = 13

/** Of the journal, before it is written back: small, so that on a small disk it is not the journal that fills it. */
const JOURNAL_PAGES = 64

/** How long a shared file's users wait for each other. */
const BUSY_MS = 5000

export type Row = Record<string, unknown>

export interface DatabaseOptions {
  /** A committed transaction survives a power cut, at the price of one flush to the disk each; else it survives the end of this process. */
  durable: boolean
  schema: string
  /** `exclusive`, the default: one opener at a time, others are refused. `shared`: several write and read. `reading`: the file is there already and stays as it is. */
  access?: 'exclusive' | 'shared' | 'reading'
}

export class Database {
  readonly #path: string
  readonly #sqlite: Sqlite.DatabaseSync
  readonly #statements = new Map<string, Sqlite.StatementSync>()

  /**
   * Opens or creates the file.
   * @throws GOODPARTS_STORE_FAILED, also from the methods; `isDiskFull` tells a full disk apart
   */
  constructor (path: string, options: DatabaseOptions) {
    this.#path = path
    try {
      makeFolder(dirname(path))
      this.#sqlite = new (loadSqlite().DatabaseSync)(path)
    } catch (error) {
      throw this.#failure(error)
    }
    try {
      this.#sqlite.exec(settingsOf(options))
      this.#sqlite.exec(options.schema)
    } catch (error) {
      this.#sqlite.close()
      throw this.#failure(error)
    }
  }

  run (sql: string, ...values: Sqlite.SQLInputValue[]): number {
    return this.#attempt(() => Number(this.#prepare(sql).run(...values).changes))
  }

  /** The caller names the row's type. */
  all<T = Row> (sql: string, ...values: Sqlite.SQLInputValue[]): T[] {
    return this.#attempt(() => this.#prepare(sql).all(...values) as T[])
  }

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
  get<T = Row> (sql: string, ...values: Sqlite.SQLInputValue[]): T | undefined {
    return this.#attempt(() => this.#prepare(sql).get(...values) as T | undefined)
  }

  /** All of `work` or nothing of it. */
  transaction<T> (work: () => T): T {
    this.#attempt(() => { this.#sqlite.exec('BEGIN IMMEDIATE') })
    try {
      const result = work()
      this.#attempt(() => { this.#sqlite.exec('COMMIT') })
      return result
    } catch (error) {
      // SQLite has rolled back by itself after some errors, a full disk among them.
      if (this.#sqlite.isTransaction) this.#sqlite.exec('ROLLBACK')
      throw error
    }
  }

  /** Writes the journal back into the file and empties it. */
  checkpoint (): void {
    this.#attempt(() => { this.#sqlite.exec('PRAGMA wal_checkpoint(TRUNCATE)') })
  }

  close (): void {
    this.#statements.clear()
    this.#sqlite.close()
  }

  #prepare (sql: string): Sqlite.StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#sqlite.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  #attempt<T> (work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw this.#failure(error)
    }
  }

  #failure (error: unknown): GoodpartsError {
    const message = error instanceof Error ? error.message : String(error)
    if (isDiskFull(error)) return new GoodpartsError('GOODPARTS_STORE_FAILED', `Expected room on the disk of ${this.#path}, got "${message}"`, { cause: error, fix: 'Free space on that disk; the store goes on by itself' })
    if (resultCode(error) === BUSY) return new GoodpartsError('GOODPARTS_STORE_FAILED', `Expected ${this.#path} to be free, got "${message}"`, { cause: error, fix: 'Another process or node uses the same file: give each its own folder' })
    return new GoodpartsError('GOODPARTS_STORE_FAILED', `Expected ${this.#path} to be a working database, got "${message}"`, { cause: error, fix: 'Check that the folder exists and can be written; move a damaged file away to begin a new one' })
  }
}

function settingsOf ({ durable, access = 'exclusive' }: DatabaseOptions): string {
  const flush = `PRAGMA synchronous = ${durable ? 'FULL' : 'NORMAL'}; PRAGMA temp_store = MEMORY`
  // Not opened as read-only: after a crash the reader must be able to roll an unfinished transaction back.
  if (access === 'reading') return `PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA query_only = ON`
  // A journal that is emptied leaves one whole file that can be copied, and needs no shared memory, which some network disks cannot map.
  if (access === 'shared') return `PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA journal_mode = TRUNCATE; ${flush}`
  // The exclusive lock also keeps the shared-memory file away.
  return `PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; ${flush}; PRAGMA journal_size_limit = 4194304; PRAGMA wal_autocheckpoint = ${JOURNAL_PAGES}`
}

/** Whether an error of this file, or its cause, is a disk without room. */
export function isDiskFull (error: unknown): boolean {
  if (error instanceof GoodpartsError) return isDiskFull(error.cause)
  return resultCode(error) === FULL || (error as { code?: unknown }).code === 'ENOSPC'
}

function resultCode (error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode
  return typeof code === 'number' ? code & 0xff : undefined
}

function loadSqlite (): typeof Sqlite {
  const own = Object.getOwnPropertyDescriptor(process, 'emitWarning')
  // Node 22 calls the module experimental on standard error; the integrator cannot act on that.
  process.emitWarning = () => {}
  try {
    return createRequire(import.meta.url)('node:sqlite') as typeof Sqlite
  } catch (error) {
    throw new GoodpartsError('GOODPARTS_DEPENDENCY_MISSING', 'Expected this Node to carry node:sqlite', { cause: error, fix: 'Use Node 22.13 or newer' })
  } finally {
    if (own !== undefined) Object.defineProperty(process, 'emitWarning', own)
  }
}
