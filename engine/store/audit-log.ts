/** Every changed limit, label, removal and exchange of a bundle, in a chain that shows tampering. Several may write into the same file. */
import { join } from 'node:path'
import type { JsonValue } from '../../schemas/bundle.ts'
import { asGoodpartsError } from '../errors.ts'
import type { AuditEntry, AuditRecord } from './audit-chain.ts'
import { Store } from './io-thread.ts'

export interface AuditLogConfiguration {
  /** Of the database; folders are made. */
  path: string
  now?: () => number
}

/** The one log of an installation. */
export function auditPath (userFolder: string): string {
  return join(userFolder, 'goodparts', 'audit.sqlite')
}

export class AuditLog {
  readonly #store: Store<'audit'>
  readonly #now: () => number

  constructor ({ path, now = Date.now }: AuditLogConfiguration) {
    this.#store = new Store('audit', { path })
    this.#now = now
  }

  /** Resolves when the entry is on the disk. @throws GOODPARTS_STORE_FAILED, GOODPARTS_QUEUE_FULL */
  async add (record: AuditRecord): Promise<AuditEntry> {
    return await this.#store.call('add', record, this.#time())
  }

  /** What is so from now on, unless it was so before: see `AuditTable.addChange`. @throws as `add` */
  async addChange (record: AuditRecord, to: JsonValue): Promise<AuditEntry | null> {
    return await this.#store.call('addChange', record, to, this.#time())
  }

  /**
   * Makes a change after its entry is on the disk: there is none without. Where it then fails, another entry says so.
   * @throws as `add`, and what `change` throws
   */
  async before<T> (record: AuditRecord, change: () => Promise<T> | T): Promise<T> {
    const { number } = await this.add(record)
    try {
      return await change()
    } catch (cause) {
      // What is thrown is what the person needs to know, whether or not the disk has room for it.
      await this.add({ ...record, kind: 'change-failed', details: { entry: number, code: asGoodpartsError(cause, 'GOODPARTS_STORE_FAILED').code } }).catch(() => {})
      throw cause
    }
  }

  /** After what waits is written. */
  async close (): Promise<void> {
    await this.#store.close()
  }

  #time (): string {
    return new Date(this.#now()).toISOString()
  }
}
