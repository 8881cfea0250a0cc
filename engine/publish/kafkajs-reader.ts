/** Reads topics as a member of a consumer group, again and again until it is closed: at least once, in the order of each partition. */
import { setTimeout as delay } from 'node:timers/promises'
import type { ReaderListener, ReaderOptions } from './kafka-client.ts'
import { isTopicMissing, kafkaFailure, openKafka, within, type KafkajsOptions } from './kafkajs-client.ts'

const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 30_000
const CLOSE_LIMIT_MS = 5_000
const HEARTBEAT_MS = 3_000

type Consumer = ReturnType<ReturnType<typeof openKafka>['consumer']>

export class KafkajsReader {
  readonly #connection: KafkajsOptions
  readonly #options: ReaderOptions
  readonly #listener: ReaderListener
  readonly #closing = new AbortController()
  readonly #ended: Promise<void>
  #waitMs = FIRST_WAIT_MS
  /** It was not there, and has had its moment. */
  #isTopicAwaited = false

  /** Begins at once, and goes on by itself after every failure. */
  constructor (connection: KafkajsOptions, options: ReaderOptions, listener: ReaderListener) {
    this.#connection = connection
    this.#options = options
    this.#listener = listener
    this.#ended = this.#readForEver()
  }

  /** When the record under way is done with, its place is kept. Idempotent, never throws. */
  async close (): Promise<void> {
    this.#closing.abort()
    await within(CLOSE_LIMIT_MS, this.#ended).catch(() => {})
  }

  async #readForEver (): Promise<void> {
    const { signal } = this.#closing
    while (!this.#isClosing()) {
      this.#listener.state('connecting', null)
      try {
        await this.#readUntilBroken(signal)
      } catch (error) {
        if (this.#isClosing()) return
        if (isTopicMissing(error) && !this.#isTopicAwaited) {
          // A broker that is just creating it, because it was asked for, has it in a moment.
          this.#isTopicAwaited = true
          await delay(FIRST_WAIT_MS, undefined, { signal }).catch(() => {})
          continue
        }
        this.#listener.state('unreachable', kafkaFailure(this.#connection.brokers.join(', '), error))
        await delay(this.#waitMs, undefined, { signal }).catch(() => {})
        this.#waitMs = Math.min(2 * this.#waitMs, LONGEST_WAIT_MS)
      }
    }
  }

  #isClosing (): boolean {
    return this.#closing.signal.aborted
  }

  /** @throws why it cannot go on; resolves when closed. */
  async #readUntilBroken (signal: AbortSignal): Promise<void> {
    const { topics, group, from } = this.#options
    // Another try, with its state told, is made here.
    const run = new AbortController()
    const consumer = openKafka(this.#connection).consumer({ groupId: group, retry: { retries: 2, restartOnFailure: async () => Promise.resolve(false) } })
    try {
      await consumer.connect()
      await consumer.subscribe({ topics: [...topics], fromBeginning: from === 'earliest' })
      // Closed while it connected.
      signal.throwIfAborted()
      const over = this.#untilOver(consumer, signal, run.signal)
      // It may be over before anybody waits for it.
      over.catch(() => {})
      await consumer.run({ autoCommitInterval: 1_000, autoCommitThreshold: 100, eachMessage: async (delivery) => { await stillHere(async () => delivery.heartbeat(), this.#take(delivery)) } })
      await over
    } finally {
      run.abort()
      await within(CLOSE_LIMIT_MS, consumer.disconnect()).catch(() => {})
    }
  }

  /** `run` is aborted when nobody waits any more. */
  async #untilOver (consumer: Consumer, signal: AbortSignal, run: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => { resolve() }, { signal: run })
      consumer.on('consumer.crash', ({ payload }) => { reject(payload.error) })
      consumer.on('consumer.group_join', () => {
        this.#waitMs = FIRST_WAIT_MS
        this.#isTopicAwaited = false
        this.#listener.state('reading', null)
      })
    })
  }

  async #take ({ topic, partition, message: { offset, key, value, headers = {}, timestamp } }: { topic: string, partition: number, message: Message }): Promise<void> {
    await this.#listener.record({
      topic,
      partition,
      offset,
      key: key?.toString() ?? null,
      value,
      headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)])),
      time: new Date(Number(timestamp)).toISOString()
    })
  }
}

/** Tells the group that a member lives while it works on one record for long. */
async function stillHere (heartbeat: () => Promise<void>, work: Promise<void>): Promise<void> {
  const timer = setInterval(() => { heartbeat().catch(() => { /* the next fetch tells */ }) }, HEARTBEAT_MS)
  await work.finally(() => { clearInterval(timer) })
}

interface Message { offset: string, key: Buffer | null, value: Buffer | null, headers?: Record<string, unknown> | undefined, timestamp: string }
