/** Camera to Kafka with every part real: what the broker's own consumer reads is what the line saw, frame for frame. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allLedgers } from '../../engine/frame/ledger.ts'
import { validate } from '../../engine/schema-validation.ts'
import { kafkaMissing, startKafka, type KafkaBroker } from '../../scripts/test-kafka.ts'
import { undeploy } from '../nodes/flow-runtime.ts'
import { captureProcesses, countBy, fitPlates, openWorkplace, PlatesLine, until, type Workplace } from './plates-line.ts'

const missing = kafkaMissing()
if (missing !== null) process.stdout.write(`skipped: the line to a real Kafka: ${missing}\n`)

const topic = 'plates'
const source = 'plates'
const wanted = 250

describe.skipIf(missing !== null)('a line that inspects plates and sends its verdicts to Kafka', () => {
  let workplace: Workplace
  let broker: KafkaBroker
  let bundleId: string

  beforeAll(async () => {
    workplace = await openWorkplace()
    const [fitted, started] = await Promise.all([fitPlates(workplace.bundle('plates')), startKafka()])
    bundleId = fitted.metadata.id
    broker = started
    await broker.createTopic(topic, 1)
  }, 180_000)

  afterAll(async () => {
    await undeploy()
    await broker.stop()
    await workplace.end()
  })

  it('has every frame once in Kafka, valid, with the verdict it got; and every ledger agrees', async () => {
    const line = new PlatesLine(source)
    // More parts than one thread can judge, and a short queue: some must be given up, and be accounted for.
    await line.deploy({ camera: { parameters: { rate: 100, learn: 0, defectShare: 0.3, seed: 3 } }, score: { capacity: '4' }, brokerPort: broker.port })
    await line.modelReady()

    const early = await broker.consume(topic, 20, 60_000)
    expect(early).toHaveLength(20)
    expect(captureProcesses(), 'the line runs while the consumer reads').toHaveLength(1)
    await line.more(1)
    await until(`${wanted} verdicts`, () => line.verdicts.length >= wanted)

    await line.stop()
    await until('Kafka to have all', () => line.completed === line.verdicts.length && line.ledger('kafka-out/out').inFlight === 0)
    const [cameraLedger, scoreLedger, kafkaLedger] = [`capture/${source}`, 'score/score', 'kafka-out/out'].map((hop) => line.ledger(hop))
    await undeploy()

    const records = await broker.consume(topic, line.verdicts.length + 100, 4000)
    const inKafka = records.map(({ key, value }) => {
      expect(key).toBe(source)
      return validate('inspection', JSON.parse(value))
    })
    const distinct = [...new Map(inKafka.map((record) => [record.eventId, record])).values()]

    // Frames in = verdicts = records, in order, one by one.
    expect(new Set(line.frames.map(({ id }) => id)).size).toBe(line.frames.length)
    expect(line.verdicts.map(({ frame }) => frame.id)).toEqual(line.frames.map(({ id }) => id))
    expect(line.outputs).toEqual(line.verdicts.map(({ verdict }) => verdict))
    expect(distinct.map(({ frame }) => frame.id)).toEqual(line.frames.map(({ id }) => id))
    expect(distinct.map((record) => ({ ...record, times: { ...record.times, published: null } }))).toEqual(line.verdicts)
    for (const { times } of distinct) expect(Date.parse(times.published ?? '')).toBeGreaterThanOrEqual(Date.parse(times.scored))
    expect(distinct.slice(0, 20).map(({ eventId }) => eventId)).toEqual(early.map(({ value }) => validate('inspection', JSON.parse(value)).eventId))

    // Frames in = judged + dropped by reason, in the nodes' ledgers as in what Kafka holds.
    const judged = distinct.filter(({ verdict }) => verdict !== 'not-inspected')
    const given = countBy(distinct.filter(({ verdict }) => verdict === 'not-inspected'), ({ reason }) => reason.code)
    expect(scoreLedger).toEqual({ hop: 'score/score', in: line.frames.length, out: judged.length, dropped: given, inFlight: 0 })
    expect(given['queue-full']).toBeGreaterThan(0)
    expect(kafkaLedger).toMatchObject({ in: line.verdicts.length, out: line.verdicts.length, dropped: {}, inFlight: 0 })
    expect(cameraLedger).toMatchObject({ out: line.frames.length, inFlight: 0 })
    expect(sum(cameraLedger?.dropped)).toBe((cameraLedger?.in ?? NaN) - line.frames.length)

    // It inspected: by the bundle of the model, good and bad parts told apart.
    expect(new Set(judged.map(({ bundle }) => bundle?.id))).toEqual(new Set([bundleId]))
    const rightly = judged.filter(({ partId, verdict }) => (verdict === 'good') === (partId?.startsWith('good/') === true))
    expect(judged.length).toBeGreaterThan(20)
    expect(rightly.length / judged.length).toBeGreaterThan(0.8)

    expect(captureProcesses()).toEqual([])
    expect(allLedgers()).toEqual([])
    expect([line.caught, line.errors]).toEqual([[], { camera: [], model: [], score: [], out: [] }])
  }, 180_000)
})

function sum (counts: Record<string, number> = {}): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}
