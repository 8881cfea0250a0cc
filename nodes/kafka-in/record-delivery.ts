/** One record after the other into the flow, each again and again until the flow has done with it. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Node, NodeAPI } from 'node-red'
import { asGoodpartsError, GoodpartsError } from '../../engine/errors.ts'
import type { IncomingRecord } from '../../engine/publish/kafka-client.ts'
import { Completion } from '../shared/completion.ts'
import { recordToMessage, type Content, type KafkaMessage } from './settings.ts'

/** A flow that has not ended a record by now holds it for good: the next one goes in. */
const LONGEST_MS = 60_000
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 30_000

export class RecordDelivery {
  readonly #node: Node
  readonly #generateId: () => string
  readonly #content: Content
  /** A record waits for room. */
  readonly #held: () => void
  readonly #completion: Completion
  readonly #closing = new AbortController()

  constructor (RED: NodeAPI, node: Node, content: Content, held: () => void) {
    this.#node = node
    this.#generateId = () => RED.util.generateId()
    this.#content = content
    this.#held = held
    this.#completion = new Completion(RED.hooks, node.id)
  }

  /** Resolves when the flow has done with it, or nobody can read it, of which Catch nodes hear. Rejects when closed before. */
  async take (record: IncomingRecord): Promise<void> {
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
      const error = await this.#completion.of(msg, LONGEST_MS, () => { this.#node.send(msg) })
      signal.throwIfAborted()
      // A full queue, a disk or a server that is away: nothing is wrong with the record.
      if (!(error instanceof GoodpartsError && error.retriable)) return
      this.#held()
      await delay(waitMs, undefined, { signal })
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
