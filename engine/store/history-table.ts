/** Inspections of the recent past on disk, each with its picture. Runs in the I/O thread; `history.ts` is its face. */
import type { InspectionRecord, Verdict } from '../../schemas/inspection.ts'
import { Database } from './database.ts'

export interface HistoryOptions {
  path: string
  /** The newest that are kept, all lines together. */
  maximumInspections: number
  /** Of all pictures together; the file is somewhat larger. An inspection goes with its picture, the oldest first, the newest never. */
  maximumPictureBytes: number
}

export interface Picture {
  /** Content hash of the bytes, hex. */
  sha256: string
  /** Encoded, as they will be served. */
  bytes: Uint8Array
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
  CREATE INDEX IF NOT EXISTS inspection_by_line ON inspection (line, verdict, position);
  CREATE INDEX IF NOT EXISTS inspection_by_picture ON inspection (sha256, size);
`

export class HistoryTable {
  readonly #options: HistoryOptions
  readonly #database: Database
  #held: { inspections: number, bytes: number }

  constructor (options: HistoryOptions) {
    this.#options = options
    this.#database = new Database(options.path, { durable: false, schema })
    this.#held = this.#database.get('SELECT COUNT(*) AS inspections, COALESCE(SUM(size), 0) AS bytes FROM inspection') ?? { inspections: 0, bytes: 0 }
  }

  /** Keeps an inspection under the name that its line has here. The same event again takes the place of the first: it knows more. */
  add (line: string, record: InspectionRecord, { sha256, bytes }: Picture): void {
    this.#held = this.#database.transaction(() => {
      const replaced = this.#database.get<{ size: number }>('DELETE FROM inspection WHERE line = ? AND event_id = ? RETURNING size', line, record.eventId)
      this.#database.run('INSERT INTO inspection (line, event_id, verdict, record, sha256, size, picture) VALUES (?, ?, ?, ?, ?, ?, ?)',
        line, record.eventId, record.verdict, JSON.stringify(record), sha256, bytes.byteLength, bytes)
      return this.#makeRoom({
        inspections: this.#held.inspections + (replaced === undefined ? 1 : 0),
        bytes: this.#held.bytes + bytes.byteLength - (replaced?.size ?? 0)
      })
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

  close (): void {
    this.#database.close()
  }

  #makeRoom ({ inspections, bytes }: { inspections: number, bytes: number }): { inspections: number, bytes: number } {
    const { maximumInspections, maximumPictureBytes } = this.#options
    while ((inspections > maximumInspections || bytes > maximumPictureBytes) && inspections > 1) {
      const oldest = this.#database.get<{ size: number }>('DELETE FROM inspection WHERE position = (SELECT MIN(position) FROM inspection) RETURNING size')
      inspections -= 1
      bytes -= oldest?.size ?? 0
    }
    return { inspections, bytes }
  }
}
