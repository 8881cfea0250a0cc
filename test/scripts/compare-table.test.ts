import { expect, test } from 'vitest'
import { familyTables, withRuns } from '../../scripts/compare-table.ts'
import type { ComparedFit } from '../../schemas/comparison.ts'

function fit (detector: string, seed: number, imagesPerSecond: number): ComparedFit {
  return { detector, seed, imageAuroc: 0.9, pixelAuroc: null, aupro30: 0.8, fitSeconds: 2, imagesPerSecond, bundleBytes: 1000 }
}

const { imagesPerSecond: _speed, bundleBytes: _bytes, ...older } = fit('density', 0, 1)

test('keeps speed and size of what was measured, beside older fits that lack them', () => {
  const { results } = withRuns({ baselineAuroc: 0.5, results: [older, fit('density', 1, 20)] }, { baselineAuroc: 0.6, results: [fit('density', 1, 30), fit('patch-memory', 0, 4)] })
  expect(results).toEqual([fit('patch-memory', 0, 4), older, fit('density', 1, 30)])
})

test('shows the median speed of the seeds that have one', () => {
  const measured = { baselineAuroc: 0.5, results: [older, fit('density', 1, 30), fit('density', 2, 10), fit('density', 3, 100), { ...older, detector: 'distillation' }] }
  const speeds = familyTables({ tiles: measured }).split('\n\n').at(-1)!.split('\n')
  expect(speeds[0]).toMatch(/^\| set \| patch-memory \| density \|.* distillation \|/)
  expect(speeds[2]).toMatch(/^\| tiles \| – \| 30\.0 \| –/)
  expect(speeds[2]).not.toContain('undefined')
})
