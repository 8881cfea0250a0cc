import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import { spotBundle } from '../explain/spot-bundle.ts'
import { runGoodparts } from './run-goodparts.ts'

let folder: string
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-bench-explain-test-')) })
afterAll(() => { rmSync(folder, { recursive: true }) })

test('goodparts bench explain measures verdicts with explanations beside verdicts without, in one run', async () => {
  const [bundle, json] = [join(folder, 'spots.onnx'), join(folder, 'figures.json')]
  await saveBundle(bundle, await spotBundle())

  const { stdout } = await runGoodparts(['bench', 'explain', bundle, '--methods', 'grad-cam', '--rounds', '1', '--seconds', '5', '--every', '50', '--device', 'cpu', '--json', json])

  expect(stdout).toMatch(/^off .*\n^on, grad-cam .*\n^ratio /m)
  const { off, on, throughputRatio, p99Ratio, explained, notExplained } = JSON.parse(readFileSync(json, 'utf8')) as Record<'off' | 'on', { perSecond: number, p99: number }> & Record<'throughputRatio' | 'p99Ratio' | 'explained' | 'notExplained', number>
  expect(throughputRatio).toBeCloseTo(on.perSecond / off.perSecond, 10)
  expect(p99Ratio).toBeCloseTo(on.p99 / off.p99, 10)
  expect(explained + notExplained).toBeGreaterThanOrEqual(Math.floor(on.perSecond * 5 / 50))
}, 60_000)
