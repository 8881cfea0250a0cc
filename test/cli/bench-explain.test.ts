import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import type { Estimate } from '../../engine/explain/metrics/bootstrap.ts'
import { pooledQuantile, until, type ExplainingMeasurement } from '../../cli/commands/bench/explain-measurement.ts'
import { detectorByFamily } from '../../engine/detectors/registry.ts'
import { goodParts } from '../detectors/good-parts.ts'
import { quickOptions } from '../detectors/quick-options.ts'
import { spotBundle } from '../explain/spot-bundle.ts'
import { cost, isSlower, whyNone } from '../../cli/commands/bench/explain.ts'
import { runGoodparts } from './run-goodparts.ts'

let folder: string
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-bench-explain-test-')) })
afterAll(() => { rmSync(folder, { recursive: true }) })

test('a quantile of turns that are drawn anew is that of all their latencies, each turn as often as it was drawn', () => {
  const turns = [Array.from({ length: 100 }, (_, i) => i), Array.from({ length: 50 }, (_, i) => 1000 + i), [5000]]
  const p99 = pooledQuantile(turns, 0.99)

  expect([p99([0]), p99([1]), p99([0, 0]), p99([0, 1]), p99([0, 1, 2]), p99([0, 0, 2])]).toEqual([99, 1049, 99, 1048, 1049, 99])
})

const steady = { throughputRatio: { value: 1, low: 0.99, high: 1.01 }, p99Ratio: { value: 1.01, low: 0.98, high: 1.03 } }
const restless = { ...steady, p99Ratio: { value: 1.94, low: 0.7, high: 2.4 } }
const less = 'less than 5 % of throughput and p99'
const more = '5 % of throughput or p99, or more'

test.each([
  [0.98, /wait while verdicts take half of the cores, 98 % of the time/],
  [0.12, /too short .* Give --seconds more/]
])('no reject explained while verdicts take half of the cores for %d of the time', (busyShare, reason) => {
  expect(whyNone({ busyShare })).toMatch(reason)
})

test.each([
  [[0.99, 0.97, 1.01], [1.02, 0.98, 1.04], steady, 8, `${less}.`],
  [[1.3, null, null], [0.5, null, null], steady, 1, `${less}, by one round, which has no bounds: give --rounds more.`],
  [[1.3, null, null], [0.5, null, null], steady, 2, `${less}, by 2 rounds, which have no bounds: give --rounds more.`],
  [[0.99, 0.97, 1.01], [0.99, 0.76, 1.31], steady, 8, `${less}; by these rounds that is not sure.`],
  [[0.94, 0.92, 0.97], [1.02, 0.98, 1.04], steady, 8, `${more}; by these rounds that is not sure.`],
  [[1, 1, 1], [1.3, 1.1, 1.57], steady, 8, `${more}.`],
  [[1, 1, 1], [1.3, 1.1, 1.57], restless, 8, `${more}, but the machine moves them by as much by itself: that is not sure.`]
] as const)('throughput × %j and p99 × %j', (throughput, p99, noise, rounds, answer) => {
  const [throughputRatio, p99Ratio] = [throughput, p99].map(([value, low, high]) => ({ value, low, high })) as [Estimate, Estimate]

  expect(isSlower({ throughputRatio, p99Ratio })).toBe(answer.startsWith(more))
  expect(cost({ throughputRatio, p99Ratio, noise, explained: 3 }, rounds)).toBe(`Explanations cost ${answer}`)
  expect(cost({ throughputRatio, p99Ratio, noise, explained: 0 }, rounds)).toBe(`Painting the detector's own map costs ${answer}`)
})

test('a part that is due already waits for no timer', async () => {
  const times = async (wait: () => Promise<unknown>): Promise<number> => {
    const begun = performance.now()
    for (let i = 0; i < 100; i++) await wait()
    return performance.now() - begun
  }

  expect(await times(() => until(performance.now() - 1))).toBeLessThan(await times(() => delay(0)) / 2)
})

test('tells what it has when it is interrupted, and leaves nothing behind', async () => {
  const [temporary, json] = [join(folder, 'temporary'), join(folder, 'stopped.json')]
  mkdirSync(temporary)
  let [output, isStopped] = ['', false]

  const { code, stdout, stderr } = await runGoodparts(['bench', 'explain', '--size', '96', '--methods', 'grad-cam', '--rounds', '1', '--seconds', '6', '--device', 'cpu', '--json', json], {
    env: { TMPDIR: temporary },
    started: (child) => {
      child.stderr!.on('data', (text: string) => {
        output += text
        // Of nine; the first three are those at full speed.
        if (isStopped || !/rounds .*[3-9]\/9/.test(output)) return
        isStopped = true
        child.kill('SIGINT')
      })
    }
  })

  expect(code).toBe(130)
  expect(stderr).toContain('Cancelled.')
  expect(stdout).toMatch(/^Interrupted: the figures are of what was done until then\.\n\nAt full speed/)
  expect(stdout).not.toContain('arriving')
  const figures = JSON.parse(readFileSync(json, 'utf8')) as { loads: ExplainingMeasurement[], partial?: boolean }
  expect(figures.loads).toHaveLength(1)
  // The made bundle knows its parts.
  const { verdicts: { good, reject }, explained, queueFull, unfinished } = figures.loads[0]!
  expect(reject.found).toBe(reject.meant)
  expect(reject.meant).toBe(explained + queueFull + unfinished)
  expect(good.found / good.meant).toBeGreaterThan(0.5)
  expect(stdout).toContain(`The model rejects ${reject.meant} of ${reject.meant} parts that are meant to be rejects, and finds ${good.found} of ${good.meant} others good.`)
  expect(figures.partial).toBe(true)
  expect(readdirSync(temporary).filter((name) => name.startsWith('goodparts-bench-'))).toEqual([])
}, 120_000)

test('ends, and says why, where no method explains the bundle', async () => {
  const bundle = join(folder, 'template.onnx')
  await saveBundle(bundle, await detectorByFamily('template-difference').fit(goodParts(30), quickOptions['template-difference'] ?? {}, { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal }))

  const { code, stderr } = await runGoodparts(['bench', 'explain', bundle, '--methods', 'grad-cam', '--rounds', '1', '--seconds', '1', '--device', 'cpu'])

  expect(code).toBe(1)
  expect(stderr).toMatch(/Expected methods that explain this bundle, got grad-cam: .*GOODPARTS_EXPLANATION_FAILED/)
}, 60_000)

test('measures the loads that are asked for, as shares of full speed', async () => {
  const [bundle, json] = [join(folder, 'shares.onnx'), join(folder, 'shares.json')]
  await saveBundle(bundle, await spotBundle())

  const { stdout } = await runGoodparts(['bench', 'explain', bundle, '--methods', 'grad-cam', '--rounds', '1', '--seconds', '1', '--loads', '0.02, 0.1', '--device', 'cpu', '--json', json])

  const { loads: [first, second, ...more] } = JSON.parse(readFileSync(json, 'utf8')) as { loads: ExplainingMeasurement[] }
  expect(more).toEqual([])
  expect(first!.arriving! / second!.arriving!).toBeCloseTo(5, 10)
  expect(stdout).not.toContain('At full speed')
  expect(stdout).toMatch(/^With \d+\.\d parts\/s arriving, 10 % of full speed$/m)
  for (const loads of ['0', '1.5', 'half', '0.5,']) expect(await runGoodparts(['bench', 'explain', bundle, '--loads', loads])).toMatchObject({ code: 1, stderr: expect.stringContaining('Expected numbers above 0 and up to 1') as string })
}, 60_000)

test('goodparts bench explain measures verdicts with explanations beside verdicts without, in one run', async () => {
  const [bundle, json] = [join(folder, 'spots.onnx'), join(folder, 'figures.json')]
  await saveBundle(bundle, await spotBundle())

  const { stdout } = await runGoodparts(['bench', 'explain', bundle, '--methods', 'grad-cam', '--rounds', '1', '--seconds', '3', '--every', '50', '--device', 'cpu', '--json', json])

  expect(stdout).toMatch(/^At full speed\n(.*\n){2}off .*\non, grad-cam .*\nratio .*\n95 % .*\noff again, ratio .*\n95 % .*\n(Explanations cost|Painting the detector's own map costs) /m)
  const { loads } = JSON.parse(readFileSync(json, 'utf8')) as { loads: ExplainingMeasurement[] }
  const full = loads[0]?.off.perSecond ?? 0
  expect(loads.map(({ arriving }) => arriving)).toEqual([null, 0.5 * full, 0.1 * full])
  for (const { arriving, off, on, throughputRatio, p99Ratio, noise, explained, queueFull, unfinished } of loads) {
    // Also where several are due in a millisecond.
    if (arriving !== null) expect(off.perSecond / arriving).toBeGreaterThan(0.5)
    expect(throughputRatio.value).toBeCloseTo(on.perSecond / off.perSecond, 10)
    expect(p99Ratio.value).toBeCloseTo(on.p99 / off.p99, 10)
    expect([noise.throughputRatio.value, noise.p99Ratio.value].every((ratio) => ratio > 0)).toBe(true)
    expect(explained + queueFull + unfinished).toBeGreaterThanOrEqual(Math.floor(on.perSecond * 3 / 50))
  }
  // A line with pauses has time to explain.
  expect(loads[2]?.explained).toBeGreaterThan(0)
}, 120_000)
