import { describe, expect, it } from 'vitest'
import { fillNames } from '../../../engine/detectors/defect-fills.ts'
import { bestOnTest, recommend, summarise } from '../../../engine/evaluation/compare/recommend.ts'

type Fit = Parameters<typeof summarise>[0][number]

function fit (detector: string, proxy: number, change: Partial<{ seed: number, imageAuroc: number | null, imagesPerSecond: number }> = {}): Fit {
  return { proxy, judgingOperators: fillNames, trainedOperators: [], result: { detector, seed: 0, imageAuroc: 0.9, pixelAuroc: null, aupro30: 0.5, fitSeconds: 10, imagesPerSecond: 20, bundleBytes: 1000, ...change } }
}

describe('recommend', () => {
  it('goes by drawn defects, whatever the test says', () => {
    const compared = [fit('a', 0.9, { imageAuroc: 0.99 }), fit('b', 0.95, { imageAuroc: 0.7 })]
    expect(recommend(compared)).toMatchObject({ recommended: 'b', reason: expect.stringContaining('0.9500; a 0.9000') as string })
    expect(bestOnTest(compared)?.detector).toBe('a')
  })

  it('takes means over seeds', () => {
    const compared = [fit('a', 0.99), fit('b', 0.94), fit('a', 0.81, { seed: 1 }), fit('b', 0.92, { seed: 1 })]
    expect(recommend(compared).recommended).toBe('b')
    expect(summarise(compared)).toMatchObject([{ detector: 'a', seeds: 2, proxy: 0.9, pixelAuroc: null, aupro30: 0.5 }, { detector: 'b', seeds: 2 }])
  })

  it('takes the faster of those alike', () => {
    expect(recommend([fit('slow', 0.951, { imagesPerSecond: 5 }), fit('fast', 0.95, { imagesPerSecond: 50 })])).toMatchObject({ recommended: 'fast', reason: expect.stringContaining('fastest') as string })
  })

  it('does not recommend a family by drawings of the kind that it is trained on, and says so', () => {
    const kind: Fit = { ...fit('kind', 0.99), trainedOperators: ['paste', 'tone'] }
    expect(recommend([kind, fit('plain', 0.9)])).toEqual({
      recommended: 'plain',
      reason: 'plain separates drawn defects from untouched held-out good parts best: 0.9000. kind 0.9900 is not in the running: its training draws such defects too (paste, tone), which judge it too kindly. The defects of the test pictures had no say.'
    })
    expect(recommend([kind])).toMatchObject({ recommended: null, reason: expect.stringMatching(/^No family can be recommended\. kind 0\.9900/) as string })
  })

  it('recommends a family by what it is not trained on, and says what was left out', () => {
    const fair = (detector: string, proxy: number, trainedOperators: Fit['trainedOperators']): Fit => ({ ...fit(detector, proxy), judgingOperators: fillNames.filter((name) => name !== 'paste'), trainedOperators })
    expect(recommend([fair('pasting', 0.95, ['paste']), fair('plain', 0.9, [])])).toMatchObject({ recommended: 'pasting', reason: expect.stringContaining('plain 0.9000. Drawn without paste, which') as string })
  })

  it('does not recommend a family that failed with some seed, and says so', () => {
    const compared = [fit('frail', 0.99), fit('sturdy', 0.9), fit('sturdy', 0.9, { seed: 1 }), fit('sturdy', 0.9, { seed: 2 })]
    const failures = [{ detector: 'frail', seed: 1 }, { detector: 'frail', seed: 2 }, { detector: 'absent', seed: 1 }]
    expect(recommend(compared, failures)).toMatchObject({ recommended: 'sturdy', reason: expect.stringContaining('frail 0.9900 is not in the running: it failed with seeds 1, 2.') as string })
  })

  it('says so when nothing was fitted, or the test has no defects', () => {
    expect(recommend([])).toEqual({ recommended: null, reason: 'No detector was fitted.' })
    expect(bestOnTest([fit('a', 0.9, { imageAuroc: null })])).toBeNull()
  })
})
