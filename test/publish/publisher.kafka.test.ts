import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KafkajsClient } from '../../engine/publish/kafkajs-client.ts'
import { inspectionMessage, Publisher, type PublisherOptions } from '../../engine/publish/publisher.ts'
import { validate } from '../../engine/schema-validation.ts'
import { Spool } from '../../engine/store/spool.ts'
import { freePort, kafkaMissing, startKafka, type ConsumedRecord, type KafkaBroker } from '../../scripts/test-kafka.ts'
import { behavesAsKafkaClient } from './kafka-client.contract.ts'
import { allDelivered, inspection, kafkaAt, makeCertificate, States } from './fixtures.ts'

const missing = kafkaMissing()
if (missing !== null) process.stdout.write(`skipped: tests with a real Kafka: ${missing}\n`)

const folder = mkdtempSync(join(tmpdir(), 'goodparts-publisher-'))
const backoff = { firstMs: 50, maximumMs: 500 }
let files = 0

function publisherTo (client: PublisherOptions['client'], states: States, more: Partial<PublisherOptions> = {}): Publisher {
  return new Publisher({ name: 'test', spool: new Spool({ path: join(folder, `${++files}.sqlite`) }), client, onState: states.listen, backoff, ...more })
}

/** Event ids in order of first arrival, per line; fails unless each record is valid and keyed by its line. */
function eventsByLine (records: ConsumedRecord[]): Record<string, string[]> {
  const events: Record<string, string[]> = {}
  for (const { key, value } of records) {
    const record = validate('inspection', JSON.parse(value))
    expect(key).toBe(record.line)
    expect(record.times.published).not.toBeNull()
    const line = events[record.line] ??= []
    if (!line.includes(record.eventId)) line.push(record.eventId)
  }
  return events
}

const expected = (line: string, count: number): string[] => Array.from({ length: count }, (_, number) => `${line}-${number}`)

describe.skipIf(missing !== null)('with a real broker', () => {
  let broker: KafkaBroker

  beforeAll(async () => {
    const { pemPath } = makeCertificate(folder)
    broker = await startKafka({ secure: { username: 'line', password: 'secret', pemPath } })
  }, 180_000)

  afterAll(async () => {
    await broker.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  describe('KafkajsClient', () => {
    behavesAsKafkaClient({
      open: () => kafkaAt(broker.port),
      openNowhere: () => kafkaAt(1),
      arrived: async (topic, count) => (await broker.consume(topic, count)).map(({ value }) => value)
    })

    const secure = (password: string, ca: boolean): KafkajsClient => new KafkajsClient({
      brokers: [`127.0.0.1:${broker.securePort}`],
      clientId: 'goodparts-test',
      tls: ca ? { ca: readFileSync(join(folder, 'certificate.pem')) } : true,
      sasl: { mechanism: 'plain', username: 'line', password }
    })

    it('sends over TLS with SASL', async () => {
      const client = secure('secret', true)
      await client.send([{ topic: 'secure', key: 'k', value: '{"number":1}' }])
      await client.close()

      expect(await broker.consume('secure', 1)).toEqual([{ key: 'k', value: '{"number":1}' }])
    })

    it('says that a wrong password was refused', async () => {
      const client = secure('guess', true)
      await expect(client.connect()).rejects.toMatchObject({ code: 'GOODPARTS_KAFKA_UNAVAILABLE', message: expect.stringContaining('let this client in') as string, fix: expect.stringContaining('password') as string })
      await client.close()
    })

    it('does not trust a certificate that nobody vouches for', async () => {
      const client = secure('secret', false)
      await expect(client.connect()).rejects.toMatchObject({ code: 'GOODPARTS_KAFKA_UNAVAILABLE', message: expect.stringMatching(/certificate/) as string })
      await client.close()
    })
  })

  it('delivers what the console consumer reads: valid, keyed by line, in order, compressed, by an idempotent producer', async () => {
    await broker.createTopic('inspections', 3)
    const states = new States()
    const publisher = publisherTo(kafkaAt(broker.port), states)

    await Promise.all(Array.from({ length: 900 }, async (_, number) => { await publisher.publish(inspectionMessage(inspection(Math.floor(number / 3), `line-${number % 3}`), 'inspections')) }))
    await states.until(publisher, allDelivered)
    const { in: taken, out, dropped, inFlight } = publisher.snapshot()
    await publisher.close()

    const records = await broker.consume('inspections', 900)
    expect(records).toHaveLength(900)
    expect(eventsByLine(records)).toEqual({ 'line-0': expected('line-0', 300), 'line-1': expected('line-1', 300), 'line-2': expected('line-2', 300) })
    expect({ taken, out, dropped, inFlight }).toEqual({ taken: 900, out: 900, dropped: {}, inFlight: 0 })
    const batches = (await broker.dump('inspections')).filter((line) => line.startsWith('baseOffset'))
    expect(batches.length).toBeGreaterThan(0)
    for (const batch of batches) expect(batch).toMatch(/producerId: \d+ .*compresscodec: gzip/i)
  })

  it('loses nothing when the broker is killed mid-stream, and repeats only with the same event id', async () => {
    const states = new States()
    const publisher = publisherTo(kafkaAt(broker.port), states)
    const publish = async (from: number, to: number): Promise<void> => {
      for (let number = from; number < to; number++) {
        await Promise.all(['a', 'b'].map(async (line) => { await publisher.publish(inspectionMessage(inspection(number, line), 'outage')) }))
      }
    }

    await publish(0, 200)
    await states.until(publisher, allDelivered)
    const streaming = publish(200, 600)
    await broker.kill()
    await streaming
    await publish(600, 700)
    const away = await states.until(publisher, ({ connection }) => connection === 'unreachable')
    expect(away.waiting).toBeGreaterThanOrEqual(200)
    expect(away.error).toMatchObject({ code: 'GOODPARTS_KAFKA_UNAVAILABLE' })
    await broker.start()
    await publish(700, 800)
    await states.until(publisher, allDelivered)
    const { in: taken, out, dropped } = publisher.snapshot()
    await publisher.close()

    expect({ taken, out, dropped }).toEqual({ taken: 1600, out: 1600, dropped: {} })
    const records = await broker.consume('outage', 5000, 3000)
    expect(records.length).toBeGreaterThanOrEqual(1600)
    expect(eventsByLine(records)).toEqual({ a: expected('a', 800), b: expected('b', 800) })
  }, 120_000)

  it('keeps records while no broker was ever there, tells so, and delivers once one comes; a restart in between included', async () => {
    const port = await freePort()
    const spool = { path: join(folder, 'away.sqlite') }
    const first = new States()
    const before = publisherTo(kafkaAt(port), first, { spool: new Spool(spool) })
    for (let number = 0; number < 20; number++) await before.publish(inspectionMessage(inspection(number), 'away'))
    const state = await first.until(before, ({ connection }) => connection === 'unreachable')
    expect(state).toMatchObject({ waiting: 20, error: { message: expect.stringContaining(`127.0.0.1:${port}`) as string, fix: expect.stringContaining('address') as string } })
    await before.close()

    const states = new States()
    const publisher = publisherTo(kafkaAt(port), states, { spool: new Spool(spool) })
    await publisher.publish(inspectionMessage(inspection(20), 'away'))
    const late = await startKafka({ port })
    try {
      await states.until(publisher, allDelivered)
      expect(publisher.snapshot()).toMatchObject({ in: 21, out: 21, inFlight: 0 })
      expect(eventsByLine(await late.consume('away', 21))).toEqual({ 'line-1': expected('line-1', 21) })
    } finally {
      await publisher.close()
      await late.stop()
    }
  }, 120_000)

  it('sets a record aside that the broker will never take, and goes on with the others', async () => {
    const rejected: string[] = []
    const states = new States()
    const path = join(folder, 'aside.sqlite')
    const publisher = publisherTo(kafkaAt(broker.port), states, { spool: new Spool({ path }), onRejected: ({ code }) => rejected.push(code) })
    const large = { topic: 'aside', key: 'line-1', value: JSON.stringify(randomBytes(1_200_000).toString('base64')), stampPath: null }

    await Promise.all([inspectionMessage(inspection(0), 'aside'), large, inspectionMessage(inspection(1), 'aside')].map(async (record) => { await publisher.publish(record) }))
    await states.until(publisher, allDelivered)
    const { in: taken, out, dropped } = publisher.snapshot()
    await publisher.close()

    expect({ taken, out, dropped }).toEqual({ taken: 3, out: 2, dropped: { GOODPARTS_KAFKA_REJECTED: 1 } })
    expect(rejected).toEqual(['GOODPARTS_KAFKA_REJECTED'])
    expect(eventsByLine(await broker.consume('aside', 2))).toEqual({ 'line-1': expected('line-1', 2) })
    const spool = new Spool({ path })
    expect(await spool.state()).toMatchObject({ records: 0, setAside: 1 })
    await spool.close()
  })

  it('prints nothing: no warning of the library or of Node reaches the user', async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'publishing-process.ts'), String(broker.port), join(folder, 'quiet.sqlite'), '300'])

    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' })
    expect(await broker.consume('quiet', 300)).toHaveLength(300)
  })
})
