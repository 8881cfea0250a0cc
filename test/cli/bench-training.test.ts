import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { TrainingMeasurement } from '../../cli/commands/bench/training-measurement.ts'
import { runGoodparts } from './run-goodparts.ts'

const folder = mkdtempSync(join(tmpdir(), 'goodparts-bench-training-test-'))
afterAll(() => { rmSync(folder, { recursive: true }) })

describe('goodparts bench training', { timeout: 120_000 }, () => {
  it('times train steps beside the forward pass and beside several in one run, and writes JSON', async () => {
    const json = join(folder, 'training.json')

    const { code, stdout, stderr } = await runGoodparts(['bench', 'training', '--steps', '2', '--loop', '2', '--seed', '3', '--json', json])

    expect(code, stderr).toBe(0)
    const { bench, rows, seed, versions } = JSON.parse(readFileSync(json, 'utf8')) as { bench: string, rows: Array<TrainingMeasurement & { name: string }>, seed: number, versions: { goodparts: string } }
    expect([bench, seed]).toEqual(['training', 3])
    expect(rows.map(({ name, imagesPerStep, steps }) => [name, imagesPerStep, steps])).toEqual([['reconstruction ssim 128', 8, 2], ['contrastive cutpaste 64', 36, 2], ['contrastive simclr 64', 24, 2]])
    for (const { imagesPerStep, stepsPerSecond, imagesPerSecond, step, pictures, forward, ratio, loop } of rows) {
      expect(imagesPerSecond).toBeCloseTo(stepsPerSecond * imagesPerStep, 6)
      // Each step holds its pictures, and what is left of it is what the ratios are of.
      expect(pictures).toBeLessThan(step)
      expect(loop.ratio * ratio * forward).toBeCloseTo(loop.step, 6)
    }
    expect(stdout).toContain(`goodparts ${versions.goodparts}, Node`)
  })

  it.each([['--steps', '0'], ['--loop', '1']])('refuses %s %s', async (option, value) => {
    const { code, stderr } = await runGoodparts(['bench', 'training', option, value])
    expect([code, stderr]).toEqual([1, expect.stringContaining('whole number from')])
  })

  it('refuses a file that it cannot write before it measures', async () => {
    const { code, stdout, stderr } = await runGoodparts(['bench', 'training', '--json', join(folder, 'nowhere', 'training.json')])
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining('GOODPARTS_STORE_FAILED')])
  })
})
