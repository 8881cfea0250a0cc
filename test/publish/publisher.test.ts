import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allLedgers } from '../../engine/frame/ledger.ts'
import { NdjsonClient } from '../../engine/publish/ndjson-client.ts'
import { inspectionMessage, Publisher, type PublisherOptions } from '../../engine/publish/publisher.ts'
import { validate } from '../../engine/schema-validation.ts'
import { Spool } from '../../engine/store/spool.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import { allDelivered, inspection, States } from './fixtures.ts'

let folder: string
let states: States
let opened: Publisher[]

const target = (): string => join(folder, 'out', 'records.ndjson')
const delivered = (): InspectionRecord[] => readFileSync(target(), 'utf8').trimEnd().split('\n').map((line) => validate('inspection', JSON.parse(line)))
const numbers = (): number[] => delivered().map(({ frame }) => frame.sequence)

function open (more: Partial<PublisherOptions> = {}, limits: { maximumRecords?: number } = {}): Publisher {
  const publisher = new Publisher({
    name: 'test', spool: new Spool({ path: join(folder, 'spool.sqlite'), ...limits }), client: new NdjsonClient({ path: target() }), onState: states.listen, backoff: { firstMs: 20, maximumMs: 100 }, ...more
  })
  opened.push(publisher)
  return publisher
}

const publish = async (publisher: Publisher, number: number): Promise<void> => { await publisher.publish(inspectionMessage(inspection(number), 'topic')) }
const block = (): void => { writeFileSync(join(folder, 'out'), '') }
const unblock = (): void => { rmSync(join(folder, 'out')) }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-publisher-'))
  states = new States()
  opened = []
})

afterEach(async () => {
  await Promise.all(opened.map(async (publisher) => { await publisher.close() }))
  rmSync(folder, { recursive: true, force: true })
})

describe('Publisher', () => {
  it('delivers in order and writes the time of handing over', async () => {
    const publisher = open({ now: () => new Date('2026-11-24T09:00:00.000Z') })

    await Promise.all(Array.from({ length: 1200 }, async (_, number) => { await publish(publisher, number) }))
    await states.until(publisher, allDelivered)

    expect(numbers()).toEqual(Array.from({ length: 1200 }, (_, number) => number))
    expect(new Set(delivered().map(({ times }) => times.published))).toEqual(new Set(['2026-11-24T09:00:00.000Z']))
  })

  it('accounts for every record: in = delivered + refused + in spool', async () => {
    block()
    const publisher = open({}, { maximumRecords: 3 })

    const results = await Promise.allSettled(Array.from({ length: 5 }, async (_, number) => { await publish(publisher, number) }))
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(2)
    expect(publisher.snapshot()).toEqual({ hop: 'test', in: 5, out: 0, dropped: { GOODPARTS_SPOOL_FULL: 2 }, inFlight: 3 })
    expect(publisher.state.refusing).toMatchObject({ code: 'GOODPARTS_SPOOL_FULL' })

    unblock()
    await states.until(publisher, allDelivered)
    expect(publisher.snapshot()).toEqual({ hop: 'test', in: 5, out: 3, dropped: { GOODPARTS_SPOOL_FULL: 2 }, inFlight: 0 })
    expect(publisher.state.refusing).toBeNull()
    expect(numbers()).toEqual([0, 1, 2])
  })

  it('delivers on close what can be delivered', async () => {
    const publisher = open()
    for (let number = 0; number < 10; number++) await publish(publisher, number)

    await publisher.close()

    expect(numbers()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(publisher.state).toMatchObject({ connection: 'closed', waiting: 0 })
  })

  it('leaves on disk what cannot be delivered, and counts it as come in after the next start', async () => {
    block()
    const first = open()
    for (let number = 0; number < 4; number++) await publish(first, number)
    await states.until(first, ({ connection }) => connection === 'unreachable')
    await first.close()
    expect(first.state.waiting).toBe(4)

    unblock()
    const second = open()
    await publish(second, 4)
    await states.until(second, allDelivered)

    expect(numbers()).toEqual([0, 1, 2, 3, 4])
    expect(second.snapshot()).toMatchObject({ in: 5, out: 5, inFlight: 0 })
  })

  it('says why it cannot deliver, and forgets it once it can', async () => {
    block()
    const publisher = open({ random: () => 0 })
    await publish(publisher, 0)
    const { error } = await states.until(publisher, ({ connection }) => connection === 'unreachable')
    expect(error).toMatchObject({ code: 'GOODPARTS_KAFKA_UNAVAILABLE', message: expect.stringContaining(target()) as string })

    unblock()
    await states.until(publisher, allDelivered)

    expect(publisher.state).toEqual({ connection: 'connected', waiting: 0, error: null, refusing: null })
  })

  it('takes nothing after close, and leaves the list of ledgers', async () => {
    const publisher = open()
    expect(allLedgers().map(({ hop }) => hop)).toContain('test')

    await publisher.close()

    await expect(publish(publisher, 0)).rejects.toMatchObject({ code: 'GOODPARTS_SPOOL_FAILED' })
    expect(allLedgers().map(({ hop }) => hop)).not.toContain('test')
  })
})
