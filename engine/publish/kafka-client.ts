/** What the publisher needs of a way out: a Kafka library, or a file in its place. `test/publish/kafka-client.contract.ts` is the suite that each passes. */

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
