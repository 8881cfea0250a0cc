import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { leaseFile } from '../../engine/publish/ndjson-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'goodparts-ndjson-files-'))
afterAll(() => { rmSync(folder, { recursive: true, force: true }) })

it('shares one file among those that name it, however they write its path, until the last closes', async () => {
  const path = join(folder, 'records.ndjson')
  const clients = [leaseFile(path), leaseFile(join(folder, 'deep', '..', 'records.ndjson'))]
  // Longer than what one step of writing takes.
  const send = async (of: number, number: number): Promise<void> => { await clients[of]!.send([{ topic: 't', key: null, value: JSON.stringify({ number, text: 'x'.repeat(1_200_000) }) }]) }

  await Promise.all([send(0, 0), send(1, 1)])
  await clients[0]!.close()
  await clients[0]!.close()
  await send(1, 2)
  await clients[1]!.close()

  expect(readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => (JSON.parse(line) as { number: number }).number)).toEqual([0, 1, 2])
})
