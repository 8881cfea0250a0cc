import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import type { Estimate } from '../../engine/explain/metrics/bootstrap.ts'
import { pooledQuantile, type ExplainingMeasurement } from '../../cli/commands/bench/explain-measurement.ts'
import { spotBundle } from '../explain/spot-bundle.ts'
import { hasMoved, moves } from '../../cli/commands/bench/explain.ts'
import { runGoodparts } from './run-goodparts.ts'

let folder: string
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-bench-explain-test-')) })
afterAll(() => { rmSync(folder, { recursive: true }) })

test('a quantile of turns that are drawn anew is that of all their latencies, each turn as often as it was drawn', () => {
  const turns = [Array.from({ length: 100 }, (_, i) => i), Array.from({ length: 50 }, (_, i) => 1000 + i), [5000]]
  const p99 = pooledQuantile(turns, 0.99)

  expect([p99([0]), p99([1]), p99([0, 0]), p99([0, 1]), p99([0, 1, 2]), p99([0, 0, 2])]).toEqual([99, 1049, 99, 1048, 1049, 99])
})

test.each([
  [[0.99, 0.97, 1.01], [1.02, 0.98, 1.04], false, 'less than 5 %.'],
  [[0.99, 0.97, 1.01], [0.99, 0.76, 1.31], false, 'less than 5 %; by these turns that is not sure.'],
  [[0.94, 0.92, 0.97], [1.02, 0.98, 1.04], true, '5 % or more; by these turns that is not sure.'],
  [[1, 1, 1], [1.3, 1.1, 1.57], true, '5 % or more.']
] as const)('throughput × %j and p99 × %j', (throughput, p99, moved, answer) => {
  const [throughputRatio, p99Ratio] = [throughput, p99].map(([value, low, high]) => ({ value, low, high })) as [Estimate, Estimate]

  expect(hasMoved({ throughputRatio, p99Ratio })).toBe(moved)
  expect(moves({ throughputRatio, p99Ratio })).toBe(`Explanations move them by ${answer}`)
})

test('goodparts bench explain measures verdicts with explanations beside verdicts without, in one run', async () => {
  const [bundle, json] = [join(folder, 'spots.onnx'), join(folder, 'figures.json')]
  await saveBundle(bundle, await spotBundle())

  const { stdout } = await runGoodparts(['bench', 'explain', bundle, '--methods', 'grad-cam', '--rounds', '1', '--seconds', '3', '--every', '50', '--device', 'cpu', '--json', json])

  expect(stdout).toMatch(/^At full speed\n(.*\n){2}off .*\non, grad-cam .*\nratio .*\n95 % .*\noff again, ratio .*\n95 % .*\nExplanations move them by /m)
  const { loads } = JSON.parse(readFileSync(json, 'utf8')) as { loads: ExplainingMeasurement[] }
  const full = loads[0]?.off.perSecond ?? 0
  expect(loads.map(({ arriving }) => arriving)).toEqual([null, full / 2, full / 10])
  for (const { off, on, throughputRatio, p99Ratio, noise, explained, queueFull, unfinished } of loads) {
    expect(throughputRatio.value).toBeCloseTo(on.perSecond / off.perSecond, 10)
    expect(p99Ratio.value).toBeCloseTo(on.p99 / off.p99, 10)
    expect([noise.throughputRatio.value, noise.p99Ratio.value].every((ratio) => ratio > 0)).toBe(true)
    expect(explained + queueFull + unfinished).toBeGreaterThanOrEqual(Math.floor(on.perSecond * 3 / 50))
  }
  // A line with pauses has time to explain.
  expect(loads[2]?.explained).toBeGreaterThan(0)
}, 60_000)
