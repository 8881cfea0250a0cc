/** Reads an audit log, also while a line writes into it. */
import { existsSync, statSync } from 'node:fs'
import { GoodpartsError } from '../errors.ts'
import { entryOf, verifyChain, type AuditEntry, type AuditRow, type AuditVerification } from './audit-chain.ts'
import { auditPath } from './audit-log.ts'
import { Database } from './database.ts'

/** Rows that are in memory at a time, and that a writer waits for. */
const PAGE = 1000

export class AuditFile {
  readonly #database: Database

  /** @param path The file, or Node-RED's user directory. @throws GOODPARTS_ARGUMENT when there is no such file, GOODPARTS_STORE_FAILED, also from the methods */
  constructor (given: string) {
    const path = existsSync(given) && statSync(given).isDirectory() ? auditPath(given) : given
    if (!existsSync(path)) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${path} to be an audit log, got no file`, { fix: 'It is goodparts/audit.sqlite in Node-RED\'s user directory' })
    this.#database = new Database(path, { durable: true, access: 'reading', schema: '' })
  }

  /** @param noted A hash that was noted earlier, hex */
  verify (noted?: string): AuditVerification {
    return verifyChain(this.#rows(), noted)
  }

  /** The newest, oldest first. */
  last (limit: number): AuditEntry[] {
    return this.#database.all<AuditRow & Record<string, unknown>>('SELECT * FROM audit ORDER BY number DESC LIMIT ?', limit).reverse().map(entryOf)
  }

  close (): void {
    this.#database.close()
  }

  * #rows (): Generator<AuditRow> {
    for (let after = Number.MIN_SAFE_INTEGER; ;) {
      const rows = this.#database.all<AuditRow & Record<string, unknown>>('SELECT * FROM audit WHERE number > ? ORDER BY number LIMIT ?', after, PAGE)
      yield * rows
      if (rows.length < PAGE) return
      after = rows.at(-1)?.number ?? after
    }
  }
}
