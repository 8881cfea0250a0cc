/** Where the verdicts of a running line go when Kafka is away, and when the disk that holds them meanwhile is full. */
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { validate } from '../../engine/schema-validation.ts'
import { freePort, kafkaMissing, startKafka, type KafkaBroker } from '../../scripts/test-kafka.ts'
import { undeploy } from '../nodes/flow-runtime.ts'
import { mountSmallDisk } from '../small-disk.ts'
import { countBy, fitPlates, openWorkplace, PlatesLine, until, type Workplace } from './plates-line.ts'

const missing = kafkaMissing()
if (missing !== null) process.stdout.write(`skipped: faults on the way to Kafka: ${missing}\n`)
const disk = missing === null ? mountSmallDisk('2m') : null

afterAll(() => disk?.end())

describe.skipIf(missing !== null)('on the way to Kafka', () => {
  let workplace: Workplace
  let broker: KafkaBroker | undefined
  let port: number

  beforeAll(async () => {
    workplace = await openWorkplace()
    port = await freePort()
    await fitPlates(workplace.bundle('plates'))
  }, 180_000)

  afterEach(undeploy)
  afterAll(async () => {
    await broker?.stop()
    await workplace.end()
  })

  /** Event ids in the topic, in order of first arrival; fails unless each record is valid. */
  async function delivered (topic: string, count: number): Promise<string[]> {
    const records = await broker!.consume(topic, count + 100, 4000)
    return [...new Set(records.map(({ value }) => validate('inspection', JSON.parse(value)).eventId))]
  }

  const allDelivered = (line: PlatesLine) => (): boolean => line.ledger('kafka-out/out').inFlight === 0 && line.shown('out') === 'goodparts-kafka-out.status.connected'

  it('no broker answers: verdicts wait on the disk while the line goes on, and all arrive in order once one does', async () => {
    const line = new PlatesLine('away')
    await line.deploy({ brokerPort: port })
    await line.modelReady()
    await line.more(20)
    await until('the status', () => line.shown('out') === 'goodparts-kafka-out.status.spooling')

    expect(line.statuses.out?.at(-1)).toMatchObject({ fill: 'yellow', shape: 'dot' })
    expect(line.ledger('kafka-out/out')).toMatchObject({ out: 0, dropped: {} })
    expect(line.ledger('kafka-out/out').inFlight).toBeGreaterThan(0)

    broker = await startKafka({ port })
    await until('the broker to be found', () => line.ledger('kafka-out/out').out > 0)
    await line.more(5)
    await line.stop()
    await until('all to be delivered', allDelivered(line))

    expect(line.ledger('kafka-out/out')).toMatchObject({ in: line.verdicts.length, out: line.verdicts.length, dropped: {} })
    expect(await delivered('away', line.verdicts.length)).toEqual(line.verdicts.map(({ eventId }) => eventId))
    expect(line.caught).toEqual([])
  }, 120_000)

  it.skipIf(disk === null)('the disk is full: the verdicts that it cannot take are told one by one, the line goes on, and what it took arrives', async () => {
    await broker!.kill()
    const line = new PlatesLine('full-disk')
    await line.deploy({ brokerPort: port, out: { spoolFolder: disk!.path } })
    await line.modelReady()
    await until('a waiting verdict', () => line.completed > 5 && line.shown('out') === 'goodparts-kafka-out.status.spooling')

    const filler = fill(disk!.path)
    await until('refusals', () => line.caught.length >= 5)
    await until('the status', () => line.shown('out') === 'goodparts-kafka-out.status.spoolFull')
    expect(line.statuses.out?.at(-1)).toMatchObject({ fill: 'red', shape: 'ring' })
    expect(new Set(line.caught.map(({ code }) => code))).toEqual(new Set(['GOODPARTS_SPOOL_FULL']))

    rmSync(filler)
    const taken = line.completed
    await until('verdicts to be taken again', () => line.completed >= taken + 5)
    await until('the status', () => line.shown('out') === 'goodparts-kafka-out.status.spooling')
    await broker!.start()
    await line.stop()
    await until('every verdict to be taken or refused', () => line.completed + line.caught.length === line.verdicts.length)
    await until('all to be delivered', allDelivered(line))

    const ledger = line.ledger('kafka-out/out')
    expect(ledger).toMatchObject({ in: line.verdicts.length, out: line.completed, dropped: countBy(line.caught, ({ code }) => code ?? 'none'), inFlight: 0 })
    expect(line.ledger('score/score')).toMatchObject({ in: line.frames.length, inFlight: 0 })
    const arrived = await delivered('full-disk', line.verdicts.length)
    expect(arrived).toHaveLength(line.completed)
    const order = new Map(line.verdicts.map(({ eventId }, index) => [eventId, index]))
    const places = arrived.map((eventId) => order.get(eventId) ?? NaN)
    expect(places).toEqual([...places].sort((a, b) => a - b))
  }, 180_000)
})

/** Writes until nothing is left. */
function fill (folder: string): string {
  const file = join(folder, 'filler')
  for (const size of [4096, 1]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
  expect(statfsSync(folder).bavail).toBe(0)
  return file
}
