import { expect, it } from 'vitest'
import type { KafkaClient, OutgoingRecord } from '../../engine/publish/kafka-client.ts'

export interface Way {
  /** To a place that works. */
  open: () => KafkaClient
  /** To a place that nobody answers at. */
  openNowhere: () => KafkaClient
  /** Every value that arrived at `topic`, oldest first; waits for `count`. */
  arrived: (topic: string, count: number) => Promise<string[]>
}

const records = (topic: string, from: number, count: number): OutgoingRecord[] =>
  Array.from({ length: count }, (_, offset) => ({ topic, key: 'line-1', value: JSON.stringify({ number: from + offset, text: 'Prüfling 부품' }) }))

/** What every `KafkaClient` does. */
export function behavesAsKafkaClient (way: Way): void {
  it('delivers in order, over several sends', async () => {
    const client = way.open()
    const sent = [...records('contract-order', 0, 3), ...records('contract-order', 3, 200)]

    await client.connect()
    await client.send(sent.slice(0, 3))
    await client.send(sent.slice(3))
    await client.close()

    expect(await way.arrived('contract-order', sent.length)).toEqual(sent.map(({ value }) => value))
  })

  it('connects by itself when it is asked to send, and again after a close', async () => {
    const client = way.open()

    await client.send(records('contract-again', 0, 1))
    await client.close()
    await client.close()
    await client.send(records('contract-again', 1, 1))
    await client.close()

    expect(await way.arrived('contract-again', 2)).toEqual(records('contract-again', 0, 2).map(({ value }) => value))
  })

  it('takes two sends at once', async () => {
    const client = way.open()

    await Promise.all([client.send(records('contract-both', 0, 50)), client.send(records('contract-both', 50, 50))])
    await client.close()

    expect((await way.arrived('contract-both', 100)).toSorted()).toEqual(records('contract-both', 0, 100).map(({ value }) => value).toSorted())
  })

  it('says where it could not get to, and may be tried again', async () => {
    const client = way.openNowhere()

    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(client.connect()).rejects.toMatchObject({ code: 'GOODPARTS_KAFKA_UNAVAILABLE', retriable: true, message: expect.stringContaining(client.address) as string, fix: expect.any(String) as string })
    }
    await expect(client.send(records('contract-nowhere', 0, 1))).rejects.toMatchObject({ code: 'GOODPARTS_KAFKA_UNAVAILABLE' })
    await client.close()
  })
}
