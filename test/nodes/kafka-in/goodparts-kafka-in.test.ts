import { getEventListeners } from 'node:events'
import { createRequire } from 'node:module'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Node, NodeAPI, NodeDef, NodeStatus } from 'node-red'
import { GoodpartsError } from '../../../engine/errors.ts'
import { KafkajsClient } from '../../../engine/publish/kafkajs-client.ts'
import { KafkajsReader } from '../../../engine/publish/kafkajs-reader.ts'
import kafkaBroker from '../../../nodes/kafka-broker/goodparts-kafka-broker.ts'
import kafkaIn from '../../../nodes/kafka-in/goodparts-kafka-in.ts'
import { freePort, kafkaMissing, startKafka, type KafkaBroker } from '../../../scripts/test-kafka.ts'
import { deploy, nextMessage, nodeOf, redeploy, startRuntime, stopRuntime, undeploy, untilStatus } from '../flow-runtime.ts'

const { hooks } = createRequire(import.meta.url)('@node-red/util') as { hooks: { has: (id: string) => boolean } }
const missing = kafkaMissing()
if (missing !== null) process.stdout.write(`skipped: the Kafka in node with a real broker: ${missing}\n`)

function flow (changes: object, port: number): object[] {
  return [
    { id: 'flow', type: 'tab' },
    { id: 'broker', type: 'goodparts-kafka-broker', name: '', brokers: `127.0.0.1:${port}`, clientId: 'goodparts', useTls: false, tls: '', mechanism: 'none' },
    { id: 'in', z: 'flow', type: 'goodparts-kafka-in', name: '', broker: 'broker', topic: 'labels', group: 'quality', from: 'earliest', content: 'json', wires: [['read']], ...changes },
    { id: 'catch', z: 'flow', type: 'catch', scope: ['in'], wires: [['errors']] },
    { id: 'read', z: 'flow', type: 'helper' },
    { id: 'errors', z: 'flow', type: 'helper' }
  ].map((node) => 'z' in node ? { ...node, x: 0, y: 0 } : node)
}

const shows = (text: string) => (status: NodeStatus): boolean => typeof status === 'object' && status.text === `goodparts-kafka-in.status.${text}`

/** The payloads that arrive, as they do. */
function collect (): unknown[] {
  const found: unknown[] = []
  nodeOf('read').on('input', (msg: unknown) => { found.push((msg as { payload: unknown }).payload) })
  return found
}

beforeAll(async () => { await startRuntime() })
afterAll(async () => { await stopRuntime() })
afterEach(async () => { await undeploy() })

describe.skipIf(missing !== null)('goodparts-kafka-in with a real broker', () => {
  let kafka: KafkaBroker
  let client: KafkajsClient
  const send = async (topic: string, ...values: string[]): Promise<void> => { await client.send(values.map((value) => ({ topic, key: 'line-1', value }))) }

  beforeAll(async () => {
    kafka = await startKafka()
    client = new KafkajsClient({ brokers: [`127.0.0.1:${kafka.port}`], clientId: 'system' })
  }, 180_000)
  afterAll(async () => {
    await client.close()
    await kafka.stop()
  })

  it('reads what was there before it, in order, goes on where it was after a new deploy, and loses nothing said meanwhile', async () => {
    await send('labels', '1', '2', '3')
    await deploy([kafkaBroker, kafkaIn], flow({}, kafka.port))
    const first = collect()
    await expect.poll(() => first, { timeout: 60_000 }).toEqual([1, 2, 3])
    expect(await untilStatus('in', shows('reading'))).toMatchObject({ fill: 'green', shape: 'dot' })
    await undeploy()
    await send('labels', '4', '5')

    await deploy([kafkaBroker, kafkaIn], flow({}, kafka.port))
    const second = collect()

    await expect.poll(() => second, { timeout: 60_000 }).toEqual([4, 5])
  }, 180_000)

  it('loses none of a backlog, however few the nodes behind it take at a time', async () => {
    await send('backlog', ...Array.from({ length: 40 }, (_, number) => String(number)))
    const kept: unknown[] = []
    // Takes one at a time, as a queue that is full, and is done with it later.
    const slow = (RED: NodeAPI): void => {
      RED.nodes.registerType('slow', function (this: Node, config: NodeDef) {
        RED.nodes.createNode(this, config)
        let busy = false
        let refused = 0
        this.on('input', (msg, _send, done) => {
          if (busy || (kept.length === 5 && refused++ < 2)) { done(new GoodpartsError('GOODPARTS_QUEUE_FULL', 'Expected room, got none')); return }
          busy = true
          setTimeout(() => { kept.push(msg.payload); busy = false; done() }, 20)
        })
      })
    }
    await deploy([kafkaBroker, kafkaIn, slow], [...flow({ topic: 'backlog', group: 'backlog', wires: [['slow']] }, kafka.port), { id: 'slow', z: 'flow', x: 0, y: 0, type: 'slow', wires: [] }])

    await expect.poll(() => kept, { timeout: 60_000 }).toEqual(Array.from({ length: 40 }, (_, number) => number))
  }, 120_000)

  it('leaves nothing behind that reads on when it is closed while it connects', async () => {
    await send('shared', '1')
    for (let time = 0; time < 3; time++) {
      await deploy([kafkaBroker, kafkaIn], flow({ topic: 'shared', group: 'shared' }, kafka.port))
      await undeploy()
    }

    await deploy([kafkaBroker, kafkaIn], flow({ topic: 'shared', group: 'shared' }, kafka.port))
    const found = collect()
    await expect.poll(() => found.length, { timeout: 60_000 }).toBeGreaterThan(0)
    await send('shared', '2', '3', '4')

    await expect.poll(() => found, { timeout: 60_000 }).toEqual([1, 2, 3, 4])
  }, 180_000)

  it('leaves nothing of a run that broke behind', async () => {
    await send('broken', '1', '2')
    const listen = vi.spyOn(EventTarget.prototype, 'addEventListener')
    let tries = 0
    const read: string[] = []
    const states: string[] = []
    const reader = new KafkajsReader({ brokers: [`127.0.0.1:${kafka.port}`], clientId: 'system' }, { topics: ['broken'], group: 'broken', from: 'earliest' }, {
      // Three tries of the client are one run of it.
      record: async ({ offset }) => {
        if (tries++ < 6) throw new Error('no room')
        await Promise.resolve(read.push(offset))
      },
      state: (state) => { states.push(state) }
    })
    try {
      await expect.poll(() => read, { timeout: 120_000 }).toEqual(['0', '1'])
      const signals = new Set(listen.mock.contexts.filter((target) => target instanceof AbortSignal))
      expect(states.filter((state) => state === 'unreachable').length).toBeGreaterThan(0)
      expect(Math.max(...[...signals].map((signal) => getEventListeners(signal, 'abort').length))).toBe(1)
    } finally {
      listen.mockRestore()
      await reader.close()
    }
  }, 180_000)

  it('tells Catch of a record that it cannot read, and reads on', async () => {
    await send('mixed', '{"label":"scratch","picture":"AQID"}', 'no label at all', '{"label":"good","eventId":"line-1-5"}')
    await deploy([kafkaBroker, kafkaIn], flow({ topic: 'mixed', group: 'mixed', content: 'label' }, kafka.port))
    const found = collect()
    const caught = nextMessage('errors')

    expect(await caught).toMatchObject({ error: { message: expect.stringContaining('record 1 of partition 0 of mixed') as string }, kafka: { offset: '1' } })
    await expect.poll(() => found, { timeout: 60_000 }).toEqual([Buffer.from([1, 2, 3]), null])
  }, 120_000)
})

it.skipIf(missing !== null)('gives a topic that is not there a moment before it tells, and says that it tries again', async () => {
  const kafka = await startKafka({ properties: { 'auto.create.topics.enable': 'false' } })
  const states: string[] = []
  let told: GoodpartsError | null = null
  const reader = new KafkajsReader({ brokers: [`127.0.0.1:${kafka.port}`], clientId: 'system' }, { topics: ['nowhere'], group: 'g', from: 'earliest' }, {
    record: async () => { await Promise.resolve() },
    state: (state, error) => {
      states.push(state)
      told ??= error
    }
  })
  try {
    await expect.poll(() => states.slice(0, 3), { timeout: 90_000 }).toEqual(['connecting', 'connecting', 'unreachable'])
    expect(told).toMatchObject({ message: expect.stringContaining('Expected the topic to exist') as string, fix: expect.stringContaining('Trying again') as string })
  } finally {
    await reader.close()
    await kafka.stop()
  }
}, 180_000)

it.skipIf(missing !== null)('waits for a broker, saying so, and reads when one comes', async () => {
  const port = await freePort()
  await deploy([kafkaBroker, kafkaIn], flow({}, port))
  const found = collect()
  expect(await untilStatus('in', shows('noBroker'))).toMatchObject({ fill: 'red' })

  const kafka = await startKafka({ port })
  const client = new KafkajsClient({ brokers: [`127.0.0.1:${port}`], clientId: 'system' })
  try {
    await client.send([{ topic: 'labels', key: null, value: '"here"' }])
    await expect.poll(() => found, { timeout: 90_000 }).toEqual(['here'])
    await undeploy()
  } finally {
    await client.close()
    await kafka.stop()
  }
}, 180_000)

it.each([['no broker', { broker: '' }], ['a topic that Kafka does not take', { topic: 'two words' }]])('with %s shows that it is not configured', async (_what, changes) => {
  await deploy([kafkaBroker, kafkaIn], flow(changes, 9))

  expect(await untilStatus('in', shows('notConfigured'))).toMatchObject({ fill: 'red', shape: 'ring' })
})

it('takes a broker whose form has been mended, and leaves nothing in Node-RED of the time before', async () => {
  const wrong = flow({}, 9).map((node) => 'brokers' in node ? { ...node, brokers: 'two words' } : node)
  await deploy([kafkaBroker, kafkaIn], wrong)
  expect(await untilStatus('in', shows('notConfigured'))).toMatchObject({ fill: 'red' })
  expect(hooks.has('preDeliver')).toBe(false)

  await redeploy(flow({}, 9), 'full')

  expect(await untilStatus('in', shows('noBroker'))).toMatchObject({ fill: 'red' })
}, 60_000)
