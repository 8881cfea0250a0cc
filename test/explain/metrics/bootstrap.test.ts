import { describe, expect, test } from 'vitest'
import { meanEstimate, ratioEstimate } from '../../../engine/explain/metrics/bootstrap.ts'
import { normal, seededRandom } from '../../../engine/random.ts'

interface Bounded {
  value: number
  low: number
  high: number
}

describe('intervals by the bootstrap', () => {
  test('are those of the normal law for many normal samples', () => {
    const random = seededRandom(4)
    const samples = Array.from({ length: 400 }, () => 5 + 2 * normal(random))

    const { value, low, high } = meanEstimate(samples, { seed: 1 }) as Bounded

    const halfWidth = 1.96 * 2 / 20
    expect(high - low).toBeGreaterThan(1.6 * halfWidth)
    expect(high - low).toBeLessThan(2.4 * halfWidth)
    expect(low).toBeLessThan(value)
    expect(high).toBeGreaterThan(value)
  })

  test('have no width where all parts are alike', () => {
    expect(meanEstimate([3, 3, 3], { seed: 1 })).toEqual({ value: 3, low: 3, high: 3 })
  })

  test('are wider where several samples are of one part', () => {
    const samples = Array.from({ length: 60 }, (_, i) => Math.floor(i / 10))
    const width = (groups: string[] | undefined): number => {
      const { low, high } = meanEstimate(samples, groups === undefined ? { seed: 1 } : { seed: 1, groups }) as Bounded
      return high - low
    }

    expect(width(samples.map(String))).toBeGreaterThan(2 * width(undefined))
  })

  test('of a ratio draw both sides together', () => {
    const { value, low, high } = ratioEstimate([2, 4, 6], [1, 2, 3], { seed: 1 })!

    expect([value, low, high]).toEqual([2, 2, 2])
  })

  test('do not exist of fewer than three parts, however many samples they have', () => {
    expect(meanEstimate([3, 5], { seed: 1 })).toEqual({ value: 4, low: null, high: null })
    expect(meanEstimate([3, 4, 5], { seed: 1, groups: ['a', 'a', 'b'] })).toEqual({ value: 4, low: null, high: null })
    expect(meanEstimate([3, 4, 5], { seed: 1 })?.low).toBeGreaterThanOrEqual(3)
  })

  test('do not exist without samples', () => {
    expect(meanEstimate([], { seed: 1 })).toBeNull()
  })
})
