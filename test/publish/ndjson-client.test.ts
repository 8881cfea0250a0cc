import { randomUUID } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, parse } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { NdjsonClient } from '../../engine/publish/ndjson-client.ts'
import { behavesAsKafkaClient } from './kafka-client.contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'goodparts-ndjson-'))
const lines = (path: string): string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1)
const record = (number: number): { topic: string, key: null, value: string } => ({ topic: 't', key: null, value: JSON.stringify({ number }) })

afterAll(() => { rmSync(folder, { recursive: true, force: true }) })

describe('NdjsonClient', () => {
  let files = 0
  let path = ''
  behavesAsKafkaClient({
    open: () => {
      path = join(folder, 'deep', 'folder', `${++files}.ndjson`)
      return new NdjsonClient({ path })
    },
    openNowhere: () => {
      writeFileSync(join(folder, 'a-file'), '')
      return new NdjsonClient({ path: join(folder, 'a-file', 'records.ndjson') })
    },
    arrived: async () => await Promise.resolve(lines(path))
  })

  it('says that a file in a folder which nobody can make is not writable', async () => {
    await expect(new NdjsonClient({ path: '/proc/goodparts/records.ndjson' }).connect()).rejects.toMatchObject({ code: 'GOODPARTS_KAFKA_UNAVAILABLE', message: expect.stringContaining('/proc/goodparts') as string })
  })

  it('makes no folder at the root of the disk', async () => {
    const nowhere = join(parse(folder).root, `goodparts-${randomUUID()}`)
    await expect(new NdjsonClient({ path: join(nowhere, 'deep', 'records.ndjson') }).connect()).rejects.toMatchObject({ code: 'GOODPARTS_KAFKA_UNAVAILABLE', message: expect.stringContaining(`there is no folder ${nowhere}, and none is made at the root of the disk`) as string })
    expect(existsSync(nowhere)).toBe(false)
  })

  it('cuts off the half line that a power cut left, and keeps every whole one', async () => {
    const file = join(folder, 'torn.ndjson')
    const first = new NdjsonClient({ path: file })
    await first.send([record(0), record(1)])
    await first.close()
    appendFileSync(file, '{"number":2,"te')

    const again = new NdjsonClient({ path: file })
    await again.send([record(2)])
    await again.close()

    expect(lines(file).map((line) => JSON.parse(line) as unknown)).toEqual([{ number: 0 }, { number: 1 }, { number: 2 }])
  })

  it('starts a new file when the old has grown beyond its bound', async () => {
    const file = join(folder, 'large.ndjson')
    const client = new NdjsonClient({ path: file, maximumBytes: 30 })

    for (let number = 0; number < 4; number++) await client.send([record(number)])
    await client.close()

    expect(lines(`${file}.1`)).toHaveLength(3)
    expect(lines(file)).toEqual([record(3).value])
  })

  it('writes nothing twice when the old file cannot be renamed', async () => {
    const file = join(folder, 'stuck.ndjson')
    mkdirSync(join(`${file}.1`, 'in-the-way'), { recursive: true })
    const client = new NdjsonClient({ path: file, maximumBytes: 5 })
    await client.send([record(0)])

    await expect(client.send([record(1)])).rejects.toMatchObject({ code: 'GOODPARTS_KAFKA_UNAVAILABLE' })
    await expect(client.send([record(1)])).rejects.toMatchObject({ code: 'GOODPARTS_KAFKA_UNAVAILABLE' })
    rmSync(`${file}.1`, { recursive: true })
    await client.send([record(1)])
    await client.close()

    expect([...lines(`${file}.1`), ...lines(file)]).toEqual([record(0).value, record(1).value])
  })

  it('recovers when the folder becomes writable', async () => {
    const blocked = join(folder, 'blocked')
    writeFileSync(blocked, '')
    const client = new NdjsonClient({ path: join(blocked, 'records.ndjson') })
    await expect(client.send([record(0)])).rejects.toMatchObject({ code: 'GOODPARTS_KAFKA_UNAVAILABLE' })

    rmSync(blocked)
    mkdirSync(blocked)
    await client.send([record(1)])
    await client.close()

    expect(lines(join(blocked, 'records.ndjson'))).toEqual([record(1).value])
  })

  it.each([
    ['removed', (file: string) => { rmSync(file) }],
    ['removed with its folder', (file: string) => { rmSync(join(file, '..'), { recursive: true }) }],
    ['moved away, as logrotate does', (file: string) => { renameSync(file, `${file}.old`) }],
    ['replaced by another', (file: string) => { rmSync(file); writeFileSync(file, '') }]
  ])('begins anew when its file is %s while it is open', async (what, away) => {
    const file = join(folder, what.replaceAll(/\W/g, '-'), 'records.ndjson')
    const client = new NdjsonClient({ path: file })
    await client.send([record(0)])

    away(file)
    await client.send([record(1)])
    await client.send([record(2)])
    await client.close()

    expect(lines(file)).toEqual([record(1).value, record(2).value])
  })

  it('does not take a record for written that went into a file removed in that moment', async () => {
    const file = join(folder, 'in-that-moment.ndjson')
    const client = new NdjsonClient({ path: file })
    await client.send([record(0)])
    // Written in many steps: the first has reached the disk when the file goes.
    const large = { topic: 't', key: null, value: JSON.stringify({ text: 'x'.repeat(20_000_000) }) }
    const sent = client.send([large])
    await vi.waitUntil(() => statSync(file).size > 100, { interval: 1 })
    rmSync(file)
    await sent
    await client.close()

    expect(statSync(file).size).toBe(large.value.length + 1)
  })
})
