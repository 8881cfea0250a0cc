import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { NodeStatus } from 'node-red'
import { validate } from '../../../engine/schema-validation.ts'
import kafkaBroker from '../../../nodes/kafka-broker/goodparts-kafka-broker.ts'
import kafkaOut from '../../../nodes/kafka-out/goodparts-kafka-out.ts'
import { freePort, kafkaMissing, startKafka } from '../../../scripts/test-kafka.ts'
import { inspection } from '../../publish/fixtures.ts'
import { deploy, nextMessage, nodeOf, startRuntime, stopRuntime, undeploy, untilStatus } from '../flow-runtime.ts'

let folder: string

const missing = kafkaMissing()
if (missing !== null) process.stdout.write(`skipped: the Kafka out node with a real broker: ${missing}\n`)

function flow (changes: object = {}): object[] {
  return [
    { id: 'flow', type: 'tab' },
    { id: 'out', z: 'flow', type: 'goodparts-kafka-out', name: '', sink: 'file', broker: '', topic: 'flow', key: '', value: 'inspection', path: join(folder, 'records.ndjson'), spoolFolder: join(folder, 'spool'), maximumRecords: '1000', maximumSize: '10', wires: [], ...changes },
    { id: 'catch', z: 'flow', type: 'catch', scope: ['out'], wires: [['errors']] },
    { id: 'complete', z: 'flow', type: 'complete', scope: ['out'], wires: [['completed']] },
    { id: 'errors', z: 'flow', type: 'helper' },
    { id: 'completed', z: 'flow', type: 'helper' }
  ].map((node) => node.type === 'tab' ? node : { ...node, x: 0, y: 0 })
}

const broker = (port: number): object => ({ id: 'broker', type: 'goodparts-kafka-broker', name: '', brokers: `127.0.0.1:${port}`, clientId: 'goodparts', useTls: false, tls: '', mechanism: 'none' })
const lines = (): unknown[] => readFileSync(join(folder, 'records.ndjson'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as unknown)
const shows = (text: string) => (status: NodeStatus): boolean => typeof status === 'object' && status.text === `goodparts-kafka-out.status.${text}`

function give (msg: Record<string, unknown>): void {
  nodeOf('out').receive(msg)
}

async function send (msg: Record<string, unknown>): Promise<void> {
  const done = nextMessage('completed')
  give(msg)
  await done
}

beforeAll(async () => { await startRuntime() })
afterAll(async () => { await stopRuntime() })
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-kafka-out-')) })
afterEach(async () => {
  await undeploy()
  rmSync(folder, { recursive: true, force: true })
})

describe('goodparts-kafka-out', () => {
  it('writes valid inspections to a file, in order, with the time of handing over, and completes each message', async () => {
    await deploy([kafkaBroker, kafkaOut], flow())

    for (let number = 0; number < 3; number++) await send({ inspection: inspection(number) })
    expect(await untilStatus('out', shows('writing'))).toMatchObject({ fill: 'green', shape: 'dot' })
    await undeploy()

    const records = lines().map((line) => validate('inspection', line))
    expect(records.map(({ eventId }) => eventId)).toEqual(['line-1-0', 'line-1-1', 'line-1-2'])
    for (const { times } of records) expect(Date.parse(times.published ?? '')).toBeGreaterThan(0)
  })

  it('lets two nodes write to the same file, as they do by default, line after line', async () => {
    const ids = ['out', 'second']
    const [, second] = flow({ id: 'second', value: 'payload' })
    await deploy([kafkaBroker, kafkaOut], [...flow({ value: 'payload' }), second as object])
    // Long enough that one is written in several steps.
    const payload = (id: string, number: number): string => `${id} ${number} ${'x'.repeat(1_200_000)}`
    for (let number = 0; number < 3; number++) for (const id of ids) nodeOf(id).receive({ payload: payload(id, number) })
    await undeploy()

    expect(lines().map((line) => String(line).slice(0, 8)).toSorted()).toEqual(ids.flatMap((id) => [0, 1, 2].map((number) => payload(id, number).slice(0, 8))).toSorted())
  })

  it('sends an invalid inspection to Catch, once, with the place of the mistake, and writes nothing of it', async () => {
    await deploy([kafkaBroker, kafkaOut], flow())
    const errors: unknown[] = []
    nodeOf('errors').on('input', (msg: unknown) => { errors.push((msg as { error: unknown }).error) })

    const caught = nextMessage('errors')
    give({ inspection: { ...inspection(0), pValue: 3 } })
    await caught
    give({ payload: 'no inspection at all' })
    await send({ inspection: inspection(1) })
    await undeploy()

    expect(errors).toEqual([
      expect.objectContaining({ code: 'GOODPARTS_SCHEMA_INVALID', message: expect.stringContaining('inspection.pValue') as string }),
      expect.objectContaining({ code: 'GOODPARTS_SCHEMA_INVALID', message: expect.stringContaining('Expected inspection to be object') as string })
    ])
    expect(lines()).toHaveLength(1)
  })

  it('sends another property as it is', async () => {
    await deploy([kafkaBroker, kafkaOut], flow({ value: 'payload.result' }))

    await send({ payload: { result: { count: 3 } } })
    await undeploy()

    expect(lines()).toEqual([{ count: 3 }])
  })

  it('refuses records beyond the bound, says so in the status, and takes them again when there is room', async () => {
    writeFileSync(join(folder, 'in-the-way'), '')
    await deploy([kafkaBroker, kafkaOut], flow({ maximumRecords: '2', path: join(folder, 'in-the-way', 'records.ndjson') }))
    await send({ inspection: inspection(0) })
    await send({ inspection: inspection(1) })
    await untilStatus('out', shows('noFile'))

    const caught = nextMessage('errors')
    give({ inspection: inspection(2) })
    expect(await caught).toMatchObject({ error: { code: 'GOODPARTS_SPOOL_FULL' } })
    expect(await untilStatus('out', shows('spoolFull'))).toMatchObject({ fill: 'red', shape: 'ring' })

    rmSync(join(folder, 'in-the-way'))
    await untilStatus('out', shows('writing'))
    await send({ inspection: inspection(3) })
    await undeploy()
    expect(readFileSync(join(folder, 'in-the-way', 'records.ndjson'), 'utf8').match(/line-1-\d/g)).toEqual(['line-1-0', 'line-1-1', 'line-1-3'])
  })

  it('says why a file cannot be written, to Catch once, while records wait', async () => {
    const path = join(folder, 'a-folder')
    mkdirSync(path)
    const caught: unknown[] = []
    await deploy([kafkaBroker, kafkaOut, (RED) => { RED.events.once('flows:started', () => { nodeOf('errors').on('input', (msg: unknown) => { caught.push(msg) }) }) }], flow({ path }))
    for (let number = 0; number < 3; number++) await send({ inspection: inspection(number) })

    expect(await untilStatus('out', shows('noFile'))).toMatchObject({ fill: 'red', shape: 'ring' })
    rmSync(path, { recursive: true })
    await untilStatus('out', shows('writing'))
    expect(caught).toMatchObject([{ error: { message: expect.stringContaining('EISDIR') as string }, payload: { code: 'GOODPARTS_KAFKA_UNAVAILABLE', count: 1 } }])
  })

  it.each([
    ['no broker', { sink: 'kafka', broker: '' }, 'GOODPARTS_ARGUMENT'],
    ['a topic that Kafka does not take', { sink: 'kafka', topic: 'two words' }, 'GOODPARTS_ARGUMENT'],
    ['a limit that is no number', { maximumRecords: 'many' }, 'GOODPARTS_ARGUMENT']
  ])('with %s shows that it is not configured and refuses each message', async (_what, changes, code) => {
    await deploy([kafkaBroker, kafkaOut], flow(changes))

    const caught: unknown[] = []
    nodeOf('errors').on('input', (msg: unknown) => { caught.push(msg) })
    give({ inspection: inspection(0) })

    await expect.poll(() => caught).toContainEqual(expect.objectContaining({ error: expect.objectContaining({ code }) as object }))
    expect(await untilStatus('out', shows('notConfigured'))).toMatchObject({ fill: 'red', shape: 'ring' })
  })

  it.skipIf(missing !== null)('spools while no broker answers, over a new deploy too, and delivers when one does', async () => {
    const port = await freePort()
    const toKafka = [...flow({ sink: 'kafka', broker: 'broker' }), broker(port)]
    await deploy([kafkaBroker, kafkaOut], toKafka)
    await untilStatus('out', shows('noBroker'))
    for (let number = 0; number < 5; number++) await send({ inspection: inspection(number) })
    expect(await untilStatus('out', shows('spooling'))).toMatchObject({ fill: 'yellow', shape: 'dot' })
    await undeploy()

    const kafka = await startKafka({ port })
    try {
      await deploy([kafkaBroker, kafkaOut], toKafka)
      await send({ inspection: inspection(5) })
      await untilStatus('out', shows('connected'))
      const records = await kafka.consume('flow', 6)
      await undeploy()

      expect(records.map(({ key, value }) => [key, validate('inspection', JSON.parse(value)).eventId])).toEqual(Array.from({ length: 6 }, (_, number) => ['line-1', `line-1-${number}`]))
    } finally {
      await kafka.stop()
    }
  }, 120_000)

  it('leaves an empty spool for the next start, and the file closed', async () => {
    await deploy([kafkaBroker, kafkaOut], flow())
    await send({ inspection: inspection(0) })
    await undeploy()

    expect(existsSync(join(folder, 'spool', 'out.sqlite'))).toBe(true)
    expect(existsSync(join(folder, 'spool', 'out.sqlite-wal'))).toBe(false)
  })
})
