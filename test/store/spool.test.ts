import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Spool, type SpoolConfiguration } from '../../engine/store/spool.ts'
import { mountSmallDisk } from '../small-disk.ts'

const stamp = '2026-11-24T08:00:00.000Z'
let folder: string
let opened: Spool[]

function open (limits: Partial<SpoolConfiguration> = {}): Spool {
  const spool = new Spool({ path: join(folder, 'spool.sqlite'), ...limits })
  opened.push(spool)
  return spool
}

const record = (number: number): { topic: string, key: string, value: string, stampPath: null } =>
  ({ topic: 'inspections', key: 'line-1', value: JSON.stringify({ number }), stampPath: null })

async function numbers (spool: Spool, after = 0): Promise<number[]> {
  return (await spool.peek(after, 1_000_000, 1e9, stamp)).map(({ value }) => (JSON.parse(value) as { number: number }).number)
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-spool-'))
  opened = []
})

afterEach(async () => {
  await Promise.all(opened.map(async (spool) => { await spool.close() }))
  rmSync(folder, { recursive: true, force: true })
})

describe('Spool', () => {
  it('gives records back in the order of the calls, though none waited for another', async () => {
    const spool = open()

    await Promise.all(Array.from({ length: 3000 }, async (_, number) => { await spool.append(record(number)) }))

    expect(await numbers(spool)).toEqual(Array.from({ length: 3000 }, (_, number) => number))
  })

  it('keeps what was not acknowledged over a close', async () => {
    const first = open()
    for (let number = 0; number < 5; number++) await first.append(record(number))
    const [, second] = await first.peek(0, 2, 1e9, stamp)
    await first.acknowledge(second!.position)
    await first.close()

    const again = open()

    expect(await numbers(again)).toEqual([2, 3, 4])
    expect(await again.state()).toMatchObject({ records: 3, setAside: 0 })
  })

  it('never gives a position twice, so that a late acknowledgement cannot delete a newer record', async () => {
    const spool = open()
    await spool.append(record(1))
    const [old] = await spool.peek(0, 1, 1e9, stamp)
    await spool.acknowledge(old!.position)
    await spool.close()
    const again = open()
    await again.append(record(2))

    await again.acknowledge(old!.position)

    expect(await numbers(again)).toEqual([2])
  })

  it('keeps the oldest and refuses the newest beyond the bound on records', async () => {
    const spool = open({ maximumRecords: 3 })

    const results = await Promise.allSettled(Array.from({ length: 5 }, async (_, number) => { await spool.append(record(number)) }))

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'])
    expect(results[4]).toMatchObject({ reason: { code: 'GOODPARTS_SPOOL_FULL', message: expect.stringContaining('at most 3 records') as string } })
    expect(await numbers(spool)).toEqual([0, 1, 2])
  })

  it('takes records again once there is room within the bound', async () => {
    const spool = open({ maximumRecords: 1 })
    await spool.append(record(0))
    await expect(spool.append(record(1))).rejects.toMatchObject({ code: 'GOODPARTS_SPOOL_FULL' })
    await spool.acknowledge((await spool.peek(0, 1, 1e9, stamp))[0]!.position)

    await spool.append(record(2))

    expect(await numbers(spool)).toEqual([2])
  })

  it('keeps within the bound on bytes', async () => {
    const spool = open({ maximumBytes: 10_000 })
    const large = { ...record(0), value: JSON.stringify({ number: 0, text: 'x'.repeat(4000) }) }

    const results = await Promise.allSettled([large, large, large].map(async (one) => { await spool.append(one) }))

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect((await spool.state()).bytes).toBeLessThanOrEqual(10_000)
  })

  it('cuts a batch at the bytes asked for, yet never to nothing', async () => {
    const spool = open()
    for (let number = 0; number < 4; number++) await spool.append({ ...record(number), value: JSON.stringify({ number, text: 'x'.repeat(1000) }) })

    expect(await spool.peek(0, 100, 2500, stamp)).toHaveLength(2)
    expect(await spool.peek(0, 100, 1, stamp)).toHaveLength(1)
  })

  it('stamps the records that ask for it and leaves every other byte as it was', async () => {
    const spool = open()
    const value = '{"score":1.50,"times":{"captured":"a","published":null},"pValue":1e-7}'
    await spool.append({ ...record(0), value, stampPath: '$.times.published' })
    await spool.append({ ...record(1), value })

    const [stamped, plain] = await spool.peek(0, 10, 1e9, stamp)

    expect(stamped!.value).toBe(value.replace('null', `"${stamp}"`))
    expect(plain!.value).toBe(value)
  })

  it('sets a refused record aside with the reason, out of the way of the others', async () => {
    const spool = open()
    for (let number = 0; number < 3; number++) await spool.append(record(number))
    const [, second] = await spool.peek(0, 3, 1e9, stamp)

    const state = await spool.setAside(second!.position, 'too large')

    expect(state).toMatchObject({ records: 2, setAside: 1 })
    expect(await numbers(spool)).toEqual([0, 2])
  })

  it('refuses a file that another has open', async () => {
    const first = open()
    await first.append(record(0))

    await expect(open().append(record(1))).rejects.toMatchObject({ code: 'GOODPARTS_SPOOL_FAILED', fix: expect.stringContaining('own folder') as string })
    expect(await numbers(first)).toEqual([0])
  })

  it('says that a file is no spool, leaves it alone, and works once it is moved away', async () => {
    const path = join(folder, 'spool.sqlite')
    writeFileSync(path, 'this is not a database, and long enough to be looked at '.repeat(20))
    const spool = open()
    await expect(spool.append(record(0))).rejects.toMatchObject({ code: 'GOODPARTS_SPOOL_FAILED' })
    expect(readFileSync(path, 'utf8')).toContain('this is not a database')

    rmSync(path)
    await spool.append(record(1))

    expect(await numbers(spool)).toEqual([1])
  })

  it('gives the disk back after a long outage', async () => {
    const spool = open()
    const text = 'x'.repeat(50_000)
    await Promise.all(Array.from({ length: 500 }, async (_, number) => { await spool.append({ ...record(number), value: JSON.stringify({ number, text }) }) }))
    const last = (await spool.peek(0, 1000, 1e9, stamp)).at(-1)

    await spool.acknowledge(last!.position)
    await spool.close()

    expect(statSync(join(folder, 'spool.sqlite')).size).toBeLessThan(200_000)
  })

  it('has every record that it called safe after SIGKILL', async () => {
    const path = join(folder, 'spool.sqlite')
    const child = spawn(process.execPath, [join(import.meta.dirname, 'spooling-process.ts'), path], { stdio: ['ignore', 'pipe', 'inherit'] })
    const safe: number[] = []
    for await (const line of createInterface(child.stdout)) {
      safe.push(Number(line))
      if (safe.length === 400) child.kill('SIGKILL')
    }
    if (child.signalCode === null) await once(child, 'exit')
    expect(child.signalCode).toBe('SIGKILL')

    const kept = await numbers(open())

    expect(safe.length).toBeGreaterThanOrEqual(400)
    expect(kept.slice(0, safe.length)).toEqual(safe)
    expect(kept).toEqual(kept.map((_, index) => index))
  })
})

const disk = mountSmallDisk('2m')
const filled = mountSmallDisk('2m')

describe.skipIf(disk === null)('Spool on a small disk', () => {
  it('refuses when the disk is full, keeps what it has, and recovers when space returns', async () => {
    mkdirSync(join(disk!.path, 'spool'))
    const spool = open({ path: join(disk!.path, 'spool', 'spool.sqlite') })
    const large = (number: number): ReturnType<typeof record> => ({ ...record(number), value: JSON.stringify({ number, text: 'x'.repeat(10_000) }) })
    const safe: number[] = []
    try {
      for (let number = 0; number < 3; number++) {
        await spool.append(large(number))
        safe.push(number)
      }
      writeFileSync(join(disk!.path, 'somebody-elses'), Buffer.alloc(1_200_000))

      const refusals: unknown[] = []
      for (let number = 3; refusals.length < 3; number++) {
        await spool.append(large(number)).then(() => { safe.push(number) }, (error: unknown) => { refusals.push(error) })
      }
      expect(refusals).toEqual(Array.from({ length: 3 }, () => expect.objectContaining({ code: 'GOODPARTS_SPOOL_FULL', fix: expect.stringContaining('Free space') as string }) as unknown))
      expect(await numbers(spool)).toEqual(safe)

      rmSync(join(disk!.path, 'somebody-elses'))
      await spool.append(large(1000))
      expect(await numbers(spool)).toEqual([...safe, 1000])
    } finally {
      await spool.close()
      disk!.end()
    }
  })

  it('lets delivered records go from a disk that it has filled itself, and takes new ones in their place', async () => {
    const spool = open({ path: join(filled!.path, 'spool.sqlite') })
    try {
      for (let round = 0; round < 3; round++) {
        let full: unknown
        for (let number = 0; full === undefined; number++) await spool.append(record(number)).catch((error: unknown) => { full = error })
        expect(full).toMatchObject({ code: 'GOODPARTS_SPOOL_FULL' })

        const take = async (after: number): ReturnType<typeof spool.peek> => spool.peek(after, 50, 1_000_000, '2026-01-01T00:00:00.000Z')
        let batch = await take(0)
        expect(batch.length).toBeGreaterThan(0)
        while (batch.length > 0) {
          const last = batch.at(-1)!.position
          await spool.acknowledge(last)
          batch = await take(last)
        }
        expect(await spool.state()).toMatchObject({ records: 0 })
      }
    } finally {
      await spool.close()
      filled!.end()
    }
  })
})
