/** What a node enters into the installation's audit log, in its own name or in that of a person in the editor. */
import type { Node, NodeAPI } from 'node-red'
import type { JsonValue } from '../../schemas/bundle.ts'
import { asGoodpartsError, GoodpartsError } from '../../engine/errors.ts'
import type { AuditRecord } from '../../engine/store/audit-chain.ts'
import { AuditLog, auditPath } from '../../engine/store/audit-log.ts'
import { tellError } from './lifecycle.ts'

type Entry = Pick<AuditRecord, 'kind' | 'details'> & Partial<Pick<AuditRecord, 'line' | 'who'>>

export class AuditTrail {
  readonly #node: Node
  readonly #line: string | null
  readonly #log: AuditLog | undefined
  #told: Promise<void> = Promise.resolve()

  /** Opens the log with the first entry. `line` is of the entries that name none. */
  constructor (RED: NodeAPI, node: Node, line: string | null = null) {
    this.#node = node
    this.#line = line
    const { userDir } = RED.settings
    // Node-RED always has one; only a runtime put up by hand may not, and nothing belongs anywhere else.
    if (userDir !== undefined) this.#log = new AuditLog({ path: auditPath(userDir) })
  }

  /** As `AuditLog.before`. */
  async before<T> (entry: Entry, change: () => Promise<T> | T): Promise<T> {
    return await (this.#log === undefined ? change() : this.#log.before(this.#own(entry), change))
  }

  /** Resolves when the entry is on the disk. @throws as `AuditLog.add` */
  async add (entry: Entry): Promise<void> {
    await this.#log?.add(this.#own(entry))
  }

  /** What is so from now on, if it was not so before. For what happened already: resolves when it is on the disk, and where it cannot be, the node says so. */
  async tell (entry: Entry, to: JsonValue): Promise<void> {
    // In the order in which it happened.
    this.#told = this.#told.then(async () => { await this.#log?.addChange(this.#own(entry), to) }).catch((cause: unknown) => {
      const { code, message, fix } = asGoodpartsError(cause, 'GOODPARTS_STORE_FAILED')
      tellError(this.#node, new GoodpartsError(code, `The audit log lacks an entry (${entry.kind}): ${message}`, { cause, ...(fix === null ? {} : { fix }) }))
    })
    await this.#told
  }

  /** After what waits is written. */
  async close (): Promise<void> {
    await this.#told
    await this.#log?.close()
  }

  #own (entry: Entry): AuditRecord {
    return { line: this.#line, who: `node:${this.#node.id}`, ...entry }
  }
}
