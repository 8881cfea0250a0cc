import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { loopDelayDuring } from '../../cli/commands/bench/loop-measurement.ts'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import { brightnessBundle } from '../runtime/brightness-bundle.ts'
import { runGoodparts } from './run-goodparts.ts'

const folder = mkdtempSync(join(tmpdir(), 'goodparts-bench-loop-'))
afterAll(() => { rmSync(folder, { recursive: true }) })

interface Delay { median: number, p99: number, longest: number }

describe('goodparts bench loop', { timeout: 120_000 }, () => {
  it('measures a line at full speed, and a bundle that loads beside it', async () => {
    const [bundle, json] = [join(folder, 'bundle.onnx'), join(folder, 'loop.json')]
    await saveBundle(bundle, await brightnessBundle())
    const { code, stdout, stderr } = await runGoodparts(['bench', 'loop', bundle, '--width', '64', '--height', '64', '--seconds', '1', '--device', 'cpu', '--json', json])
    for (const row of ['idle', 'line at full speed', 'the same, a bundle loading']) expect(stdout, stderr).toMatch(new RegExp(`^${row} +[\\d.]+ +[\\d.]+ +[\\d.]+$`, 'm'))
    const { limitMs, idle, delay, loading, verdicts, seconds, framesPerSecond } = JSON.parse(readFileSync(json, 'utf8')) as {
      limitMs: number, idle: Delay, delay: Delay, loading: { delay: Delay, seconds: number }, verdicts: Record<string, number>, seconds: number, framesPerSecond: number
    }
    for (const { median, p99, longest } of [idle, delay, loading.delay]) expect([median, p99, longest]).toEqual([median, p99, longest].toSorted((a, b) => a - b))
    const judged = Object.values(verdicts).reduce((sum, count) => sum + count, 0)
    expect(judged).toBeGreaterThan(0)
    expect(framesPerSecond).toBeCloseTo(judged / seconds, 6)
    // How busy this machine is decides the figures; the exit status follows them.
    expect(code).toBe(delay.p99 < limitMs && loading.delay.p99 < limitMs ? 0 : 1)
  })

  it('refuses frames that are no size', async () => {
    const { code, stderr } = await runGoodparts(['bench', 'loop', '--width', '0'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('whole number from 64')])
  })
})

it('sees a main thread that is held up', async () => {
  const { longest } = await loopDelayDuring(async () => {
    await sleep(20)
    const until = performance.now() + 100
    while (performance.now() < until);
    await sleep(20)
  })
  expect(longest).toBeGreaterThan(90)
})
