import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { PipelineMeasurement } from '../../cli/commands/bench/pipeline-measurement.ts'
import { runGoodparts } from './run-goodparts.ts'

const folder = mkdtempSync(join(tmpdir(), 'goodparts-bench-pipeline-'))
afterAll(() => { rmSync(folder, { recursive: true }) })

it('goodparts bench pipeline counts the frames of a GStreamer source by size', async () => {
  const json = join(folder, 'pipeline.json')

  const { code, stdout, stderr } = await runGoodparts(['bench', 'pipeline', '--sizes', '64x48,320x240', '--seconds', '1', '--json', json])

  expect(code, stderr).toBe(0)
  for (const size of ['64x48', '320x240']) expect(stdout).toMatch(new RegExp(`^${size} +[\\d.]+ +[\\d.]+ +0 +\\d+ +\\d+$`, 'm'))
  const { rows } = JSON.parse(readFileSync(json, 'utf8')) as { rows: PipelineMeasurement[] }
  expect(rows.map(({ width, height }) => [width, height])).toEqual([[64, 48], [320, 240]])
  for (const { frames, width, height, framesPerSecond, megabytesPerSecond, latency } of rows) {
    expect(frames).toBeGreaterThan(0)
    expect(megabytesPerSecond).toBeCloseTo(framesPerSecond * width * height * 3 / 1e6, 6)
    expect(latency.p99).toBeGreaterThanOrEqual(latency.median)
  }
}, 120_000)
