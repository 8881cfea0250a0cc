/** The audit log on disk: entries are added, never changed. Runs in the I/O thread; `audit-log.ts` is its face. */
import type { JsonValue } from '../../schemas/bundle.ts'
import { canonicalJson } from '../canonical-json.ts'
import { beforeTheFirst, entryOf, hashOf, type AuditEntry, type AuditRecord, type AuditRow } from './audit-chain.ts'
import { Database } from './database.ts'

export interface AuditOptions {
  path: string
}

/** The triggers keep a slip from doing harm; whoever wants to can drop them, and then the chain tells. */
const schema = `
  CREATE TABLE IF NOT EXISTS audit (
    number INTEGER PRIMARY KEY, time TEXT NOT NULL, who TEXT NOT NULL, line TEXT, kind TEXT NOT NULL, details TEXT NOT NULL, hash TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS audit_by_kind ON audit (who, kind, number);
  CREATE TRIGGER IF NOT EXISTS audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
  CREATE TRIGGER IF NOT EXISTS audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
`

export class AuditTable {
  readonly #database: Database

  constructor ({ path }: AuditOptions) {
    this.#database = new Database(path, { durable: true, access: 'shared', schema })
  }

  /** On the disk when it returns, even over a power cut. */
  add (record: AuditRecord, time: string): AuditEntry {
    return this.#database.transaction(() => this.#add(record, time))
  }

  /**
   * Enters `from` and `to` in the details, unless `to` is what the last entry of the same kind, line and author says already.
   * @returns `null` when there is nothing new
   */
  addChange (record: AuditRecord, to: JsonValue, time: string): AuditEntry | null {
    return this.#database.transaction(() => {
      const last = this.#database.get<{ details: string }>('SELECT details FROM audit WHERE who = ? AND kind = ? AND line IS ? ORDER BY number DESC LIMIT 1', record.who, record.kind, record.line)
      const from = last === undefined ? null : (JSON.parse(last.details) as { to?: JsonValue }).to ?? null
      if (last !== undefined && canonicalJson(from) === canonicalJson(to)) return null
      return this.#add({ ...record, details: { ...record.details, from, to } }, time)
    })
  }

  close (): void {
    this.#database.close()
  }

  #add ({ who, line, kind, details }: AuditRecord, time: string): AuditEntry {
    const head = this.#database.get<{ number: number, hash: string }>('SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1')
    const row = { number: (head?.number ?? 0) + 1, time, who, line, kind, details: canonicalJson(details) }
    const whole: AuditRow = { ...row, hash: hashOf(head?.hash ?? beforeTheFirst, row) }
    this.#database.run('INSERT INTO audit (number, time, who, line, kind, details, hash) VALUES (?, ?, ?, ?, ?, ?, ?)', whole.number, time, who, line, kind, whole.details, whole.hash)
    return entryOf(whole)
  }
}
