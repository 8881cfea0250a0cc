/** One file for several publishers: it closes with the last of them. Not for Kafka: there one failure would end the sends of all (docs/decisions/0003-kafka-client.md). */
import type { KafkaClient, OutgoingRecord } from './kafka-client.ts'

export class SharedClient {
  readonly #client: KafkaClient
  #leases = 0

  constructor (client: KafkaClient) {
    this.#client = client
  }

  lease (): KafkaClient {
    const client = this.#client
    this.#leases += 1
    let closed = false
    return {
      address: client.address,
      connect: async () => { await client.connect() },
      send: async (records: readonly OutgoingRecord[]) => { await client.send(records) },
      close: async () => {
        if (closed) return
        closed = true
        this.#leases -= 1
        if (this.#leases === 0) await client.close()
      }
    }
  }
}
