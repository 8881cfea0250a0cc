/** What the publisher needs of a way out: a Kafka library, or a file in its place. `test/publish/kafka-client.contract.ts` is the suite that each passes. */

import type { GoodpartsError } from '../errors.ts'

export interface OutgoingRecord {
  topic: string
  /** Records of one key stay in order. `null`: any partition. */
  key: string | null
  /** JSON text. */
  value: string
}

/** What a client says without being asked, for the log. */
export type ClientListener = (text: string) => void

export interface KafkaClient {
  /** For people: `127.0.0.1:9092`, or a path. */
  readonly address: string

  /**
   * Opens the way, or does nothing when it is open; may be called before every send.
   * @throws GOODPARTS_KAFKA_UNAVAILABLE (try again later; the message says why)
   */
  connect (): Promise<void>

  /**
   * Resolves when every record is safe on the other side, in the order given per key.
   * @throws GOODPARTS_KAFKA_UNAVAILABLE (some or all may have arrived: send all of them again), GOODPARTS_KAFKA_REJECTED (a record of these will never be taken)
   */
  send (records: readonly OutgoingRecord[]): Promise<void>

  /** Idempotent, bounded in time, never throws; `connect` opens it anew. */
  close (): Promise<void>
}

export interface IncomingRecord {
  topic: string
  partition: number
  /** A whole number that may be larger than a double holds. */
  offset: string
  key: string | null
  /** `null`: the record only says that its key is gone. */
  value: Buffer | null
  headers: Record<string, string>
  /** ISO 8601, UTC. */
  time: string
}

export interface ReaderListener {
  /** One at a time; the next comes, and this one counts as read, when it resolves. What it throws ends the reading until the next try. */
  record: (record: IncomingRecord) => Promise<void>
  /** Whenever that changes; `error` says why it is `unreachable`. */
  state: (state: 'connecting' | 'reading' | 'unreachable', error: GoodpartsError | null) => void
}

export interface ReaderOptions {
  topics: readonly string[]
  /** Members of one group share the records, and go on where the group was. */
  group: string
  /** Where a group begins that has read nothing yet. */
  from: 'latest' | 'earliest'
}
