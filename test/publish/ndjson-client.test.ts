import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
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
})
