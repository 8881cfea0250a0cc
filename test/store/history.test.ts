import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GoodpartsError } from '../../engine/errors.ts'
import { allLedgers } from '../../engine/frame/ledger.ts'
import { History, type HistoryConfiguration } from '../../engine/store/history.ts'
import type { Picture } from '../../engine/store/history-table.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import { mountSmallDisk } from '../small-disk.ts'

const example = JSON.parse(readFileSync(new URL('../../schemas/examples/inspection/valid/reject.json', import.meta.url), 'utf8')) as InspectionRecord
const inspection = (number: number, changes: Partial<InspectionRecord> = {}): InspectionRecord => ({ ...example, eventId: `event-${number}`, ...changes })

function picture (text: string, size = 100): Picture {
  const bytes = new TextEncoder().encode(text.padEnd(size))
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes }
}

let folder: string
let opened: History[]

function open (configuration: Partial<HistoryConfiguration> = {}): History {
  const history = new History({ path: join(folder, 'history', 'a.sqlite'), ...configuration })
  opened.push(history)
  return history
}

const events = async (history: History, line = 'a'): Promise<string[]> => (await history.recent({ line, limit: 100 })).map(({ record }) => record.eventId)

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
    for (let number = 0; number < 6; number++) await history.add(`line-${number % 2}`, inspection(number, { verdict: number < 2 ? 'review' : 'reject' }), picture(String(number)))

    const page = await history.recent({ line: 'line-0', limit: 2 })
    const next = await history.recent({ line: 'line-0', limit: 2, before: page.at(-1)!.position })

    expect(page.map(({ record }) => record.eventId)).toEqual(['event-4', 'event-2'])
    expect(next.map(({ record }) => record.eventId)).toEqual(['event-0'])
    expect((await history.recent({ line: 'line-1', verdict: 'review', limit: 9 })).map(({ record }) => record.eventId)).toEqual(['event-1'])
  })

  it('keeps records and pictures over a close, which waits for those on their way', async () => {
    const first = open()
    const scratch = picture('a scratch')
    const kept = first.add('a', inspection(1), scratch)
    await first.close()
    expect(await kept).toBe(true)

    const again = open()

    expect(await again.recent({ line: 'a', limit: 9 })).toEqual([{ position: 1, record: inspection(1), sha256: scratch.sha256 }])
    expect(new TextDecoder().decode((await again.picture(scratch.sha256))!)).toContain('a scratch')
    expect(await again.picture('../a.sqlite')).toBeNull()
  })

  it('names the lines of late, the one with the newest inspection first', async () => {
    const history = open()
    const scored = (day: number): InspectionRecord['times'] => ({ ...example.times, scored: `2026-03-0${day}T12:00:00.000Z` })
    for (const [number, line] of ['old', 'a', 'b', 'a'].entries()) await history.add(line, inspection(number, { times: scored(number + 1) }), picture(String(number)))

    expect(await history.lines('2026-03-02T00:00:00.000Z', 9)).toEqual(['a', 'b'])
    expect(await history.lines('2026-03-01T00:00:00.000Z', 2)).toEqual(['a', 'b'])
    expect(await history.lines('2026-03-01T00:00:00.000Z', 3)).toEqual(['a', 'b', 'old'])
  })

  it('replaces an inspection by one of the same event that knows more, on its own line only', async () => {
    const history = open()
    await history.add('a', inspection(1), picture('part'))
    await history.add('b', inspection(1), picture('part'))

    await history.add('a', inspection(1, { regions: [] }), picture('part with regions'))

    expect(await history.recent({ line: 'a', limit: 9 })).toMatchObject([{ record: inspection(1, { regions: [] }), sha256: picture('part with regions').sha256 }])
    expect(await history.recent({ line: 'b', limit: 9 })).toMatchObject([{ record: inspection(1) }])
    expect(await history.picture(picture('part').sha256)).not.toBeNull()
  })

  it('keeps the newest inspections only', async () => {
    const history = open({ maximumInspections: 3 })

    for (let number = 0; number < 10; number++) await history.add('a', inspection(number), picture(String(number)))

    expect(await events(history)).toEqual(['event-9', 'event-8', 'event-7'])
    expect(await history.picture(picture('6').sha256)).toBeNull()
    expect(await history.picture(picture('7').sha256)).not.toBeNull()
  })

  it('lets the oldest make room for pictures, counts those of a former run, and never drops the newest', async () => {
    const first = open({ maximumPictureBytes: 1000 })
    for (let number = 0; number < 3; number++) await first.add('a', inspection(number), picture(String(number), 300))
    await first.close()
    const history = open({ maximumPictureBytes: 1000 })

    await history.add('a', inspection(1), picture('again', 350))
    expect(await events(history)).toEqual(['event-1', 'event-2', 'event-0'])
    await history.add('a', inspection(3), picture('3', 300))
    expect(await events(history)).toEqual(['event-3', 'event-1', 'event-2'])
    await history.add('a', inspection(4), picture('4', 5000))
    expect(await events(history)).toEqual(['event-4'])
  })

  it('takes no more disk for many than for what it keeps', async () => {
    const history = open({ maximumPictureBytes: 1 << 20 })

    for (let number = 0; number < 200; number++) await history.add('a', inspection(number), picture(String(number), 100_000))
    await history.close()

    expect(statSync(join(folder, 'history', 'a.sqlite')).size).toBeLessThan(2 << 20)
  })

  it('leaves out and counts what the disk is too slow for', async () => {
    const history = open()

    const kept = await Promise.all(Array.from({ length: 50 }, async (_, number) => await history.add('a', inspection(number), picture(String(number)))))

    expect(kept.filter(Boolean)).toHaveLength(32)
    expect(history.ledger).toMatchObject({ in: 50, out: 32, dropped: { 'disk-too-slow': 18 }, inFlight: 0 })
    expect(await events(history)).toHaveLength(32)
  })

  it('never touches the disk in the thread of its caller', async () => {
    const history = open()
    await history.add('a', inspection(0), picture('0'))
    await history.recent({ line: 'a', limit: 1 })

    expect((process as unknown as { moduleLoadList: string[] }).moduleLoadList.filter((name) => name.includes('sqlite'))).toEqual([])
  })

  it('tells trouble once, leaves the disk alone for a while, and tells when it is over', async () => {
    let now = 0
    const told: Array<GoodpartsError | null> = []
    const blocker = join(folder, 'history')
    writeFileSync(blocker, 'a file where a folder should be')
    const history = open({ now: () => now, onTrouble: (problem) => { told.push(problem) } })

    expect(await history.add('a', inspection(0), picture('0'))).toBe(false)
    await expect(history.recent({ line: 'a', limit: 1 })).rejects.toMatchObject({ code: 'GOODPARTS_STORE_FAILED' })
    rmSync(blocker)
    expect(await history.add('a', inspection(1), picture('1'))).toBe(false)
    expect(told).toEqual([expect.objectContaining({ code: 'GOODPARTS_STORE_FAILED', fix: expect.stringContaining('folder') as string }) as unknown])

    now += 10_000
    expect(await history.add('a', inspection(2), picture('2'))).toBe(true)
    expect(told.at(-1)).toBeNull()
    expect(history.ledger).toMatchObject({ in: 3, out: 1, dropped: { 'store-failed': 2 }, inFlight: 0 })
    expect(await events(history)).toEqual(['event-2'])
  })

  it('leaves no ledger, and nothing to tell, after its end', async () => {
    const told: unknown[] = []
    const history = open({ onTrouble: (problem) => { told.push(problem) } })
    await history.add('a', inspection(0), picture('0'))
    await history.close()

    expect(await history.add('a', inspection(1), picture('1'))).toBe(false)
    expect(told).toEqual([])
    expect(allLedgers().filter(({ hop }) => hop === 'store/history')).toEqual([])
  })
})

const disk = mountSmallDisk('2m')

describe.skipIf(disk === null)('History on a small disk', () => {
  it('tells that the disk is full, once, keeps what it has, and goes on when space returns', async () => {
    let now = 0
    const told: Array<GoodpartsError | null> = []
    const history = open({ path: join(disk!.path, 'a.sqlite'), now: () => now, onTrouble: (problem) => { told.push(problem) } })
    const kept: string[] = []
    try {
      const add = async (number: number): Promise<boolean> => {
        now += 10_000
        const isKept = await history.add('a', inspection(number), picture(String(number), 10_000))
        if (isKept) kept.unshift(`event-${number}`)
        return isKept
      }
      for (let number = 0; number < 3; number++) await add(number)
      writeFileSync(join(disk!.path, 'somebody-elses'), Buffer.alloc(1_200_000))
      let refused = 0
      for (let number = 3; refused < 5; number++) {
        if (!await add(number)) refused++
        expect(await events(history)).toEqual(kept)
      }
      expect(told).toEqual([expect.objectContaining({ code: 'GOODPARTS_STORE_FAILED', fix: expect.stringContaining('Free space') as string }) as unknown])

      rmSync(join(disk!.path, 'somebody-elses'))
      expect(await add(1000)).toBe(true)
      expect(told.slice(1)).toEqual([null])
      expect(await events(history)).toEqual(kept)
    } finally {
      await history.close()
      disk!.end()
    }
  })
})
