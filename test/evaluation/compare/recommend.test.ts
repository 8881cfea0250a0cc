import { describe, expect, it } from 'vitest'
import { bestOnTest, recommend, summarise } from '../../../engine/evaluation/compare/recommend.ts'

function fit (detector: string, proxy: number, change: Partial<{ seed: number, imageAuroc: number | null, imagesPerSecond: number }> = {}): Parameters<typeof summarise>[0][number] {
  return { proxy, result: { detector, seed: 0, imageAuroc: 0.9, pixelAuroc: null, aupro30: 0.5, fitSeconds: 10, imagesPerSecond: 20, bundleBytes: 1000, ...change } }
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

  it('says so when nothing was fitted, or the test has no defects', () => {
    expect(recommend([])).toEqual({ recommended: null, reason: 'No detector was fitted.' })
    expect(bestOnTest([fit('a', 0.9, { imageAuroc: null })])).toBeNull()
  })
})
