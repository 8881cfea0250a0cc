/** Inspections of the recent past on disk, each with its picture. Runs in the I/O thread; `history.ts` is its face. */
import type { InspectionRecord, Verdict } from '../../schemas/inspection.ts'
import type { PartWord } from '../../schemas/learning.ts'
import { Database } from './database.ts'

export interface HistoryOptions {
  path: string
  /** The newest that are kept, all lines together. */
  maximumInspections: number
  /** Of all pictures together, lossless ones at most half; the file is somewhat larger. An inspection goes with its pictures, the oldest first, the newest never. */
  maximumPictureBytes: number
}

export interface Picture {
  /** Content hash of the bytes, hex. */
  sha256: string
  /** Encoded, as they will be served. */
  bytes: Uint8Array
  /** The very pixels that were judged, encoded without loss: what a person says of the part is taught with them. */
  lossless?: Uint8Array
}

export interface HistoryEntry {
  /** Grows by age; for paging. */
  position: number
  record: InspectionRecord
  /** Content hash of its picture. */
  sha256: string
}

export interface HistoryQuery {
  line: string
  verdict?: Verdict
  /** Only entries older than this position. */
  before?: number
  limit: number
}

const schema = `
  CREATE TABLE IF NOT EXISTS inspection (
    position INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL, event_id TEXT NOT NULL, verdict TEXT NOT NULL, record TEXT NOT NULL,
    sha256 TEXT NOT NULL, size INTEGER NOT NULL, picture BLOB NOT NULL, UNIQUE (line, event_id)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS lossless (
    position INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL, event_id TEXT NOT NULL, size INTEGER NOT NULL, picture BLOB NOT NULL, UNIQUE (line, event_id)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS word (
    position INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL, event_id TEXT NOT NULL, word TEXT NOT NULL, UNIQUE (line, event_id)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS inspection_by_line ON inspection (line, verdict, position);
  CREATE INDEX IF NOT EXISTS inspection_by_picture ON inspection (sha256, size);
`

/** Bytes of packets, and of lossless pictures. */
interface Held { inspections: number, bytes: number, lossless: number }

export class HistoryTable {
  readonly #options: HistoryOptions
  readonly #database: Database
  #held: Held

  constructor (options: HistoryOptions) {
    this.#options = options
    this.#database = new Database(options.path, { durable: false, schema })
    const packets = this.#database.get<{ inspections: number, bytes: number }>('SELECT COUNT(*) AS inspections, COALESCE(SUM(size), 0) AS bytes FROM inspection') ?? { inspections: 0, bytes: 0 }
    this.#held = { ...packets, lossless: this.#database.get<{ bytes: number }>('SELECT COALESCE(SUM(size), 0) AS bytes FROM lossless')?.bytes ?? 0 }
  }

  /** Keeps an inspection under the name that its line has here. The same event again takes the place of the first: it knows more. */
  add (line: string, record: InspectionRecord, { sha256, bytes, lossless }: Picture): void {
    this.#held = this.#database.transaction(() => {
      const held = { ...this.#held }
      const replaced = this.#database.get<{ size: number }>('DELETE FROM inspection WHERE line = ? AND event_id = ? RETURNING size', line, record.eventId)
      this.#database.run('INSERT INTO inspection (line, event_id, verdict, record, sha256, size, picture) VALUES (?, ?, ?, ?, ?, ?, ?)',
        line, record.eventId, record.verdict, JSON.stringify(record), sha256, bytes.byteLength, bytes)
      held.inspections += replaced === undefined ? 1 : 0
      held.bytes += bytes.byteLength - (replaced?.size ?? 0)
      if (lossless !== undefined) {
        held.lossless += lossless.byteLength - this.#removeLossless(line, record.eventId)
        this.#database.run('INSERT INTO lossless (line, event_id, size, picture) VALUES (?, ?, ?, ?)', line, record.eventId, lossless.byteLength, lossless)
      }
      return this.#makeRoom(held)
    })
  }

  /** Newest first. */
  recent ({ line, verdict, before, limit }: HistoryQuery): HistoryEntry[] {
    const rows = this.#database.all<{ position: number, record: string, sha256: string }>(`
      SELECT position, record, sha256 FROM inspection
      WHERE line = ? AND verdict = COALESCE(?, verdict) AND position < ? ORDER BY position DESC LIMIT ?`,
    line, verdict ?? null, before ?? Number.MAX_SAFE_INTEGER, limit)
    return rows.map(({ position, record, sha256 }) => ({ position, record: JSON.parse(record) as InspectionRecord, sha256 }))
  }

  /** Lines with an inspection scored since then (ISO 8601, UTC), the one with the newest first. */
  lines (since: string, limit: number): string[] {
    const rows = this.#database.all<{ line: string }>(`
      SELECT line FROM inspection WHERE position IN (SELECT MAX(position) FROM inspection GROUP BY line) AND json_extract(record, '$.times.scored') >= ?
      ORDER BY position DESC LIMIT ?`, since, limit)
    return rows.map(({ line }) => line)
  }

  /** The bytes of a picture, or `null` once it had to make room. */
  picture (sha256: string): Uint8Array | null {
    return this.#database.get<{ picture: Uint8Array }>('SELECT picture FROM inspection WHERE sha256 = ? LIMIT 1', sha256)?.picture ?? null
  }

  /** One inspection, `null` once it had to make room. */
  inspection (line: string, eventId: string): HistoryEntry | null {
    const row = this.#database.get<{ position: number, record: string, sha256: string }>('SELECT position, record, sha256 FROM inspection WHERE line = ? AND event_id = ?', line, eventId)
    return row === undefined ? null : { ...row, record: JSON.parse(row.record) as InspectionRecord }
  }

  /** The lossless picture of an inspection, or `null`. */
  lossless (line: string, eventId: string): Uint8Array | null {
    return this.#database.get<{ picture: Uint8Array }>('SELECT picture FROM lossless WHERE line = ? AND event_id = ?', line, eventId)?.picture ?? null
  }

  /** Keeps what a person says of an inspection in place of what was said before; `null` takes it back. Flushed before it returns. */
  say (line: string, eventId: string, word: PartWord | null): void {
    this.#database.transaction(() => {
      this.#database.run('DELETE FROM word WHERE line = ? AND event_id = ?', line, eventId)
      if (word === null) return
      this.#database.run('INSERT INTO word (line, event_id, word) VALUES (?, ?, ?)', line, eventId, JSON.stringify(word))
      this.#database.run('DELETE FROM word WHERE position <= (SELECT MAX(position) FROM word) - ?', this.#options.maximumInspections)
    })
    this.#database.checkpoint()
  }

  /** What was said last, by event id, oldest first. */
  words (line: string, limit: number): Array<[eventId: string, word: PartWord]> {
    const rows = this.#database.all<{ event_id: string, word: string }>('SELECT event_id, word FROM word WHERE line = ? ORDER BY position DESC LIMIT ?', line, limit)
    return rows.reverse().map(({ event_id: eventId, word }) => [eventId, JSON.parse(word) as PartWord])
  }

  close (): void {
    this.#database.close()
  }

  #removeLossless (line: string, eventId: string): number {
    return this.#database.get<{ size: number }>('DELETE FROM lossless WHERE line = ? AND event_id = ? RETURNING size', line, eventId)?.size ?? 0
  }

  #makeRoom ({ inspections, bytes, lossless }: Held): Held {
    const { maximumInspections, maximumPictureBytes } = this.#options
    while (lossless > maximumPictureBytes / 2) {
      lossless -= this.#database.get<{ size: number }>('DELETE FROM lossless WHERE position = (SELECT MIN(position) FROM lossless) RETURNING size')?.size ?? lossless
    }
    while ((inspections > maximumInspections || bytes + lossless > maximumPictureBytes) && inspections > 1) {
      const oldest = this.#database.get<{ size: number, line: string, event_id: string }>('DELETE FROM inspection WHERE position = (SELECT MIN(position) FROM inspection) RETURNING size, line, event_id')
      inspections -= 1
      bytes -= oldest?.size ?? 0
      if (oldest !== undefined) lossless -= this.#removeLossless(oldest.line, oldest.event_id)
    }
    return { inspections, bytes, lossless }
  }
}
