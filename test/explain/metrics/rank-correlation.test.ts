import { describe, expect, test } from 'vitest'
import { rankCorrelation } from '../../../engine/explain/metrics/rank-correlation.ts'

describe('rank correlation', () => {
  test('is 1 for any rising function of the other map, -1 for a falling one', () => {
    const map = Float32Array.of(0.1, 5, -2, 0.7)

    expect(rankCorrelation(map, map.map(Math.exp))).toBeCloseTo(1)
    expect(rankCorrelation(map, map.map((value) => -(value ** 3)))).toBeCloseTo(-1)
  })

  test('gives equal values their mean rank', () => {
    // Ranks 0.5, 0.5, 2 against 0, 1, 2: from their means -1, -1, 2 (halved) and -1, 0, 1.
    expect(rankCorrelation(Float32Array.of(1, 1, 2), Float32Array.of(1, 2, 3))).toBeCloseTo(1.5 / Math.sqrt(1.5 * 2))
  })

  test('is 0 where a map is flat', () => {
    expect(rankCorrelation(new Float32Array(3), Float32Array.of(1, 2, 3))).toBe(0)
  })
})
