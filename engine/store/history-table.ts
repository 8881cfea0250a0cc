/** Inspections and pictures of the recent past on disk. Runs in the I/O thread; `history.ts` is its face. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { InspectionRecord, Verdict } from '../../schemas/inspection.ts'
import { GoodpartsError } from '../errors.ts'
import { Database } from './database.ts'

export interface HistoryOptions {
  folder: string
  /** The newest that are kept, all lines together. */
  maximumInspections: number
  /** Of all pictures together. */
  maximumPictureBytes: number
}

export interface Picture {
  /** SHA-256 of the bytes, hex. */
  sha256: string
  mediaType: string
}

export interface HistoryEntry {
  /** Grows by age; for paging. */
  position: number
  record: InspectionRecord
  /** `null` where none was given, or it had to make room. */
  picture: Picture | null
}

export interface HistoryQuery {
  line?: string
  verdicts?: readonly Verdict[]
  /** Only entries older than this position. */
  before?: number
  /** Default 100. */
  limit?: number
}

const schema = `
  CREATE TABLE IF NOT EXISTS inspection (position INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE, line TEXT NOT NULL, verdict TEXT NOT NULL, record TEXT NOT NULL, picture TEXT) STRICT;
  CREATE INDEX IF NOT EXISTS inspection_by_line ON inspection (line, verdict, position);
  CREATE TABLE IF NOT EXISTS picture (sha256 TEXT PRIMARY KEY, media_type TEXT NOT NULL, size INTEGER NOT NULL, used INTEGER NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS picture_by_use ON picture (used);
`

export class HistoryTable {
  readonly #options: HistoryOptions
  readonly #database: Database
  #pictureBytes: number

  constructor (options: HistoryOptions) {
    this.#options = options
    this.#database = new Database(join(options.folder, 'history.sqlite'), { durable: false, schema })
    this.#pictureBytes = this.#database.get<{ bytes: number }>('SELECT COALESCE(SUM(size), 0) AS bytes FROM picture')?.bytes ?? 0
  }

  /** Keeps a record, or replaces it (same event id) by one that knows more. `picture`: encoded bytes. */
  add (record: InspectionRecord, picture: { bytes: Uint8Array, mediaType: string } | null): Picture | null {
    const kept = picture === null ? null : this.#keepPicture(picture.bytes, picture.mediaType)
    this.#database.transaction(() => {
      this.#database.run(`
        INSERT INTO inspection (event_id, line, verdict, record, picture) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (event_id) DO UPDATE SET verdict = excluded.verdict, record = excluded.record, picture = COALESCE(excluded.picture, picture)`,
      record.eventId, record.line, record.verdict, JSON.stringify(record), kept?.sha256 ?? null)
      this.#database.run('DELETE FROM inspection WHERE position <= (SELECT MAX(position) FROM inspection) - ?', this.#options.maximumInspections)
    })
    this.#evictPictures()
    return kept
  }

  /** Newest first. */
  recent ({ line, verdicts, before, limit = 100 }: HistoryQuery = {}): HistoryEntry[] {
    const conditions = ['position < ?']
    const values: Array<string | number> = [before ?? Number.MAX_SAFE_INTEGER]
    if (line !== undefined) {
      conditions.push('line = ?')
      values.push(line)
    }
    if (verdicts !== undefined) {
      conditions.push(`verdict IN (${verdicts.map(() => '?').join(', ')})`)
      values.push(...verdicts)
    }
    const rows = this.#database.all<{ position: number, record: string, sha256: string | null, mediaType: string | null }>(`
      SELECT position, record, picture.sha256 AS sha256, picture.media_type AS mediaType
      FROM inspection LEFT JOIN picture ON picture.sha256 = inspection.picture
      WHERE ${conditions.join(' AND ')} ORDER BY position DESC LIMIT ?`, ...values, limit)
    return rows.map(({ position, record, sha256, mediaType }) => ({
      position,
      record: JSON.parse(record) as InspectionRecord,
      picture: sha256 === null || mediaType === null ? null : { sha256, mediaType }
    }))
  }

  /** The bytes of a picture that `recent` named, or `null` once it had to make room. */
  picture (sha256: string): { bytes: Uint8Array, mediaType: string } | null {
    const known = this.#database.get<{ mediaType: string }>('SELECT media_type AS mediaType FROM picture WHERE sha256 = ?', sha256)
    const path = this.#path(sha256)
    return known === undefined || !existsSync(path) ? null : { bytes: readFileSync(path), mediaType: known.mediaType }
  }

  close (): void {
    this.#database.close()
  }

  #keepPicture (bytes: Uint8Array, mediaType: string): Picture {
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const now = this.#nextUse()
    if (this.#database.run('UPDATE picture SET used = ? WHERE sha256 = ?', now, sha256) > 0) return { sha256, mediaType }
    const path = this.#path(sha256)
    try {
      mkdirSync(join(path, '..'), { recursive: true })
      writeFileSync(`${path}.part`, bytes)
      renameSync(`${path}.part`, path)
    } catch (error) {
      throw new GoodpartsError('GOODPARTS_STORE_FAILED', `Expected ${path} to be writable, got "${error instanceof Error ? error.message : String(error)}"`, { cause: error })
    }
    this.#database.run('INSERT INTO picture (sha256, media_type, size, used) VALUES (?, ?, ?, ?)', sha256, mediaType, bytes.byteLength, now)
    this.#pictureBytes += bytes.byteLength
    return { sha256, mediaType }
  }

  #evictPictures (): void {
    while (this.#pictureBytes > this.#options.maximumPictureBytes) {
      const oldest = this.#database.get<{ sha256: string, size: number }>('SELECT sha256, size FROM picture ORDER BY used LIMIT 1')
      if (oldest === undefined) return
      // The row first: a file without a row is never shown, a row without a file would be.
      this.#database.run('DELETE FROM picture WHERE sha256 = ?', oldest.sha256)
      rmSync(this.#path(oldest.sha256), { force: true })
      this.#pictureBytes -= oldest.size
    }
  }

  #nextUse (): number {
    return (this.#database.get<{ used: number | null }>('SELECT MAX(used) AS used FROM picture')?.used ?? 0) + 1
  }

  #path (sha256: string): string {
    return join(this.#options.folder, 'pictures', sha256.slice(0, 2), sha256)
  }
}
