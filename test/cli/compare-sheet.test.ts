import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ComparisonSheet } from '../../cli/commands/compare/sheet.ts'
import { fillNames } from '../../engine/detectors/defect-fills.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import { readDataset } from '../../engine/evaluation/dataset.ts'
import { evaluateBundle } from '../../engine/evaluation/evaluate.ts'
import { openScorer } from '../../engine/evaluation/picture-scorer.ts'
import { writeBrightSpots } from '../evaluation/bright-spots.ts'
import { brightnessBundle } from '../runtime/brightness-bundle.ts'

test('does not recommend a family that failed with a seed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'goodparts-compare-sheet-test-'))
  onTestFinished(() => { rmSync(folder, { recursive: true }) })
  await writeBrightSpots(folder, { train: [60], good: [50, 60], defects: { hole: 80 } })
  const dataset = await readDataset(folder)
  const { bytes, metadata } = await brightnessBundle()
  const scorer = await openScorer(bytes, 1)
  onTestFinished(() => scorer.close())
  const evaluation = await evaluateBundle(dataset, metadata, scorer, { seed: 0, progress: () => undefined, signal: new AbortController().signal })
  const sheet = new ComparisonSheet(dataset)
  for (const [detector, proxy] of [['frail', 0.99], ['sturdy', 0.9]] as const) {
    const result = { detector, seed: 0, imageAuroc: 1, pixelAuroc: null, aupro30: null, fitSeconds: 1, imagesPerSecond: 10, bundleBytes: bytes.byteLength }
    await sheet.add({ result, proxy, judgingOperators: fillNames, trainedOperators: [], bundleName: metadata.name, evaluation }, null)
  }
  expect(sheet.report().recommended).toBe('frail')
  sheet.failCurve({ detector: 'frail', seed: 0, error: new GoodpartsError('GOODPARTS_FIT_FAILED', 'Expected memory, got none') })
  const said = 'No learning curve of frail: Expected memory, got none (GOODPARTS_FIT_FAILED)'
  expect(sheet.text()).toContain(said)
  expect(sheet.page('goodparts compare', { versions: {}, machine: { processor: '', cores: 2, memoryGiB: 8, platform: '' } })).toContain(said)
  // Its figures are whole without.
  expect(sheet.report().recommended).toBe('frail')
  sheet.fail({ detector: 'frail', seed: 1, error: new GoodpartsError('GOODPARTS_FIT_FAILED', 'Expected the fit to end, got an error') })
  expect(sheet.report()).toMatchObject({ recommended: 'sturdy', reason: expect.stringContaining('frail 0.9900 is not in the running: it failed with seed 1.') as string })
})
