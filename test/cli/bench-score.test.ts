import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { sampleBundle } from '../../cli/commands/bench/sample-bundle.ts'
import { timing } from '../../cli/commands/bench/score-measurement.ts'
import { textTable } from '../../cli/text-table.ts'
import { encodeModel } from '../../engine/graph/encode.ts'

const command = fileURLToPath(new URL('../../cli/goodparts.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'goodparts-bench-'))
afterAll(() => { rmSync(folder, { recursive: true }) })

const goodparts = async (...parameters: string[]): Promise<string> => (await promisify(execFile)(process.execPath, [command, ...parameters])).stdout

describe('goodparts bench score', { timeout: 60_000 }, () => {
  it('measures made bundles beside their backbones and writes JSON', async () => {
    const json = join(folder, 'score.json')
    const printed = await goodparts('bench', 'score', '--sizes', '64', '--batches', '1,2', '--seconds', '0', '--seed', '3', '--json', json)
    const { rows, seed, versions } = JSON.parse(readFileSync(json, 'utf8')) as {
      rows: Array<{ name: string, batch: number, ratio: number, bundle: { p50: number }, backbone: { p50: number } }>, seed: number, versions: { goodparts: string }
    }
    expect(rows.map(({ name, batch }) => [name, batch])).toEqual([['standard, 2000 x 64', 1], ['standard, 2000 x 64', 2], ['fine, 1000 x 32', 1], ['fine, 1000 x 32', 2]])
    for (const { ratio, bundle, backbone } of rows) expect(ratio).toBeCloseTo(bundle.p50 / backbone.p50, 6)
    expect(seed).toBe(3)
    expect(printed).toContain(`goodparts ${versions.goodparts}, Node`)
    expect(versions.goodparts).toMatch(/^\d+\.\d+\.\d+/)
  })

  it('measures a bundle file', async () => {
    const path = join(folder, 'bundle.onnx')
    writeFileSync(path, encodeModel(await sampleBundle({ layers: 'fine', size: 64, entries: 20, width: 4, seed: 1 }), { metadata: { goodparts: JSON.stringify({ name: 'plates', input: { height: 48, width: 80, channels: 1 } }) } }))
    expect(await goodparts('bench', 'score', path, '--batches', '1', '--seconds', '0')).toMatch(/plates +80x48x1 +1 /)
  })

  it('says what is wrong with a file that is no bundle', async () => {
    const path = join(folder, 'garbage.onnx')
    writeFileSync(path, 'garbage')
    await expect(goodparts('bench', 'score', path)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('GOODPARTS_GRAPH_INVALID') as string })
    await expect(goodparts('bench', 'score', join(folder, 'nothing.onnx'))).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('Expected a bundle at') as string })
  })

  it.each([['--threads', '0'], ['--batches', '1,0'], ['--sizes', '31'], ['--seconds', 'soon']])('refuses %s %s', async (option, value) => {
    await expect(goodparts('bench', 'score', option, value)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('whole number from') as string })
  })
})

it('timings are quantiles of what was measured', () => {
  const times = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(timing(times, 2)).toEqual({ imagesPerSecond: 2000 / 50.5, p50: 51, p95: 96, p99: 100 })
})

it('a text table aligns numbers to the right and words to the left', () => {
  expect(textTable(['name', 'n'], [['a', '10.5'], ['longer', '2']])).toBe('name       n\n------  ----\na       10.5\nlonger     2')
})
