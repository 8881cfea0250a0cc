import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import type { Node, NodeAPI, NodeDef } from 'node-red'
import type { IncomingRecord } from '../../../engine/publish/kafka-client.ts'
import { RecordDelivery } from '../../../nodes/kafka-in/record-delivery.ts'
import { deploy, startRuntime, stopRuntime, undeploy, warningsOf } from '../flow-runtime.ts'

let delivery: RecordDelivery
let arrived: unknown[] = []

/** `keeper` never says that it is done. */
function nodes (RED: NodeAPI): void {
  RED.nodes.registerType('sender', function (this: Node, config: NodeDef) {
    RED.nodes.createNode(this, config)
    delivery = new RecordDelivery(RED, this, 'text', () => { /* nothing is refused */ })
    this.on('close', () => { delivery.close() })
  })
  RED.nodes.registerType('keeper', function (this: Node, config: NodeDef) {
    RED.nodes.createNode(this, config)
    this.on('input', ({ payload }, _send, _done) => { arrived.push(payload) })
  })
}

const record = (offset: string): IncomingRecord => ({ topic: 'labels', partition: 0, offset, key: null, value: Buffer.from(offset), headers: {}, time: '2026-01-01T00:00:00.000Z' })

beforeAll(async () => { await startRuntime() })
afterEach(async () => {
  vi.useRealTimers()
  await undeploy()
  arrived = []
})
afterAll(stopRuntime)

async function flow (): Promise<void> {
  await deploy([nodes], [{ id: 'flow', type: 'tab' }, { id: 'sender', z: 'flow', x: 0, y: 0, type: 'sender', wires: [['keeper']] }, { id: 'keeper', z: 'flow', x: 0, y: 0, type: 'keeper', wires: [] }])
}

it('sends nothing more when it is closed, though the client brings the record again', async () => {
  await flow()
  const first = delivery.take(record('1'))
  await expect.poll(() => arrived).toEqual(['1'])
  delivery.close()
  await expect(first).rejects.toMatchObject({ name: 'AbortError' })

  await expect(delivery.take(record('1'))).rejects.toMatchObject({ name: 'AbortError' })

  await new Promise((resolve) => { setTimeout(resolve, 20) })
  expect(arrived).toEqual(['1'])
})

it('goes on after a node of another package that keeps a record for good, and says so once', async () => {
  await flow()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  for (const offset of ['1', '2']) {
    const taken = delivery.take(record(offset))
    while (!arrived.includes(offset)) await new Promise(setImmediate)
    vi.advanceTimersByTime(60_000)
    await taken
  }

  expect(warningsOf('sender')).toEqual(['goodparts-kafka-in.warning.kept'])
})
