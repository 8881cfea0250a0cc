import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { History, type HistoryConfiguration } from '../../engine/store/history.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'

const example = JSON.parse(readFileSync(new URL('../../schemas/examples/inspection/valid/reject.json', import.meta.url), 'utf8')) as InspectionRecord
const inspection = (number: number, changes: Partial<InspectionRecord> = {}): InspectionRecord => ({ ...example, eventId: `event-${number}`, ...changes })
const picture = (text: string, size = 100): { bytes: Uint8Array, mediaType: string } => ({ bytes: new TextEncoder().encode(text.padEnd(size)), mediaType: 'image/jpeg' })

let folder: string
let opened: History[]

function open (configuration: Partial<HistoryConfiguration> = {}): History {
  const history = new History({ folder, ...configuration })
  opened.push(history)
  return history
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-history-'))
  opened = []
})

afterEach(async () => {
  await Promise.all(opened.map(async (history) => { await history.close() }))
  rmSync(folder, { recursive: true, force: true })
})

describe('History', () => {
  it('tells the newest first, by line and verdict, page by page', async () => {
    const history = open()
    for (let number = 0; number < 6; number++) await history.add(inspection(number, { line: `line-${number % 2}`, verdict: number < 2 ? 'good' : 'reject' }))

    const page = await history.recent({ line: 'line-0', limit: 2 })
    const next = await history.recent({ line: 'line-0', limit: 2, before: page.at(-1)!.position })

    expect(page.map(({ record }) => record.eventId)).toEqual(['event-4', 'event-2'])
    expect(next.map(({ record }) => record.eventId)).toEqual(['event-0'])
    expect((await history.recent({ verdicts: ['good'] })).map(({ record }) => record.eventId)).toEqual(['event-1', 'event-0'])
  })

  it('keeps records and pictures over a close', async () => {
    const first = open()
    const address = await first.add(inspection(1), picture('a scratch'))
    await first.close()

    const again = open()

    expect(await again.recent()).toEqual([{ position: 1, record: inspection(1), picture: address }])
    expect(await again.picture(address!.sha256)).toEqual({ bytes: expect.any(Uint8Array) as Uint8Array, mediaType: 'image/jpeg' })
    expect(new TextDecoder().decode((await again.picture(address!.sha256))!.bytes)).toContain('a scratch')
  })

  it('replaces a record by one of the same event that knows more, and keeps its picture', async () => {
    const history = open()
    const address = await history.add(inspection(1), picture('part'))

    await history.add(inspection(1, { regions: [] }))

    expect(await history.recent()).toEqual([{ position: 1, record: inspection(1, { regions: [] }), picture: address }])
  })

  it('keeps the newest inspections only', async () => {
    const history = open({ maximumInspections: 3 })

    for (let number = 0; number < 10; number++) await history.add(inspection(number))

    expect((await history.recent()).map(({ record }) => record.eventId)).toEqual(['event-9', 'event-8', 'event-7'])
  })

  it('stores equal pictures once and lets the longest unused make room', async () => {
    const history = open({ maximumPictureBytes: 250 })
    const oldest = await history.add(inspection(1), picture('one'))
    const second = await history.add(inspection(2), picture('two'))
    expect(await history.add(inspection(3), picture('one'))).toEqual(oldest)

    await history.add(inspection(4), picture('three'))

    expect(await history.picture(second!.sha256)).toBeNull()
    expect(await history.picture(oldest!.sha256)).not.toBeNull()
    expect((await history.recent()).map(({ picture }) => picture !== null)).toEqual([true, true, false, true])
    expect(readdirSync(join(folder, 'pictures'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())).toHaveLength(2)
  })

  it('leaves out and counts what the disk is too slow for', async () => {
    const history = open({ maximumWaiting: 2 })

    await Promise.all(Array.from({ length: 5 }, async (_, number) => await history.add(inspection(number))))

    expect(history.leftOut).toBe(3)
    expect(await history.recent()).toHaveLength(2)
  })

  it('knows no picture by a path', async () => {
    expect(await open().picture('../history.sqlite')).toBeNull()
  })
})
