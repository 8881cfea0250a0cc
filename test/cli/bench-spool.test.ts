import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { SpoolMeasurement } from '../../cli/commands/bench/spool-measurement.ts'
import { runGoodparts } from './run-goodparts.ts'

const folder = mkdtempSync(join(tmpdir(), 'goodparts-bench-spool-test-'))
afterAll(() => { rmSync(folder, { recursive: true }) })

it('goodparts bench spool measures appends, acknowledgements and what a new start finds, and leaves nothing behind', async () => {
  const json = join(folder, 'spool.json')

  const { code, stdout, stderr } = await runGoodparts(['bench', 'spool', '--records', '51', '--bytes', '200', '--folder', folder, '--json', json])

  expect(code, stderr).toBe(0)
  expect(stdout).toMatch(/^ *1 .* 26 of 26$/m)
  expect(stdout).toMatch(/^ *100 .* 26 of 26$/m)
  const { bench, rows, versions } = JSON.parse(readFileSync(json, 'utf8')) as { bench: string, rows: SpoolMeasurement[], versions: { goodparts: string } }
  expect(bench).toBe('spool')
  expect(rows.map(({ atOnce, acknowledged, recovered }) => [atOnce, acknowledged, recovered])).toEqual([[1, 25, 26], [100, 25, 26]])
  for (const { appendedPerSecond, megabytesPerSecond, append } of rows) {
    expect(megabytesPerSecond).toBeCloseTo(appendedPerSecond * 200 / 1e6, 6)
    expect(append.p99).toBeGreaterThanOrEqual(append.median)
  }
  expect(stdout).toContain(`goodparts ${versions.goodparts}, Node`)
  expect(readdirSync(folder)).toEqual(['spool.json'])
}, 60_000)
