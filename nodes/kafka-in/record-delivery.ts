/** One record after the other into the flow, each again and again until the flow has done with it. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Node, NodeAPI } from 'node-red'
import { asGoodpartsError, GoodpartsError } from '../../engine/errors.ts'
import type { IncomingRecord } from '../../engine/publish/kafka-client.ts'
import { Completion } from '../shared/completion.ts'
import { labelOf } from '../shared/same-names.ts'
import { recordToMessage, type Content, type KafkaMessage } from './settings.ts'

/** Nodes of other packages that have not ended a record by now may never do so: the next one goes in. */
const LONGEST_MS = 60_000
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 30_000

export class RecordDelivery {
  readonly #node: Node
  readonly #generateId: () => string
  readonly #content: Content
  /** A record waits for room. */
  readonly #held: () => void
  readonly #warn: (kept: { node: string, record: string }) => void
  /** Ids of nodes that were warned of. */
  readonly #keepers = new Set<string>()
  readonly #completion: Completion
  readonly #closing = new AbortController()

  constructor (RED: NodeAPI, node: Node, content: Content, held: () => void) {
    this.#node = node
    this.#generateId = () => RED.util.generateId()
    this.#content = content
    this.#held = held
    this.#warn = (kept) => { node.warn(RED._('goodparts-kafka-in.warning.kept', kept)) }
    this.#completion = new Completion(RED)
  }

  /** Resolves when the flow has done with it, or nobody can read it, of which Catch nodes hear. Rejects when closed before. */
  async take (record: IncomingRecord): Promise<void> {
    // After a rejection the client brings it again, closed or not.
    this.#closing.signal.throwIfAborted()
    const message = this.#messageOf(record)
    if (message !== null) await this.#handOn(message)
    // The editor and other nodes have their turn between records, however many wait.
    await new Promise(setImmediate)
  }

  close (): void {
    this.#closing.abort()
    this.#completion.close()
  }

  async #handOn (message: KafkaMessage): Promise<void> {
    const { signal } = this.#closing
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      const msg = { ...message, _msgid: this.#generateId() }
      const { error, heldBy } = await this.#completion.of(msg, LONGEST_MS, () => { this.#node.send(msg) })
      signal.throwIfAborted()
      this.#tellOf(heldBy, message)
      // A full queue, a disk, a server or a node that is away: nothing is wrong with the record.
      if (!(error instanceof GoodpartsError && error.retriable)) return
      this.#held()
      await delay(waitMs, undefined, { signal })
    }
  }

  #tellOf (heldBy: Node[], { topic, kafka: { partition, offset } }: KafkaMessage): void {
    for (const node of heldBy.filter(({ id }) => !this.#keepers.has(id))) {
      this.#keepers.add(node.id)
      this.#warn({ node: labelOf(node), record: `${topic}/${partition}/${offset}` })
    }
  }

  /** `null` for one that nobody can read: it must not hold up those after it. */
  #messageOf (record: IncomingRecord): KafkaMessage | null {
    try {
      return recordToMessage(record, this.#content)
    } catch (error) {
      const { code, message, fix } = asGoodpartsError(error, 'GOODPARTS_ARGUMENT')
      this.#node.error(message, { topic: record.topic, payload: record.value, kafka: record, error: { code, message, fix } })
      return null
    }
  }
}
