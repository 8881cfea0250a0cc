import { describe, expect, test } from 'vitest'
import { paintedRange } from '../../schemas/map-limits.ts'

describe('limits on a map', () => {
  const map = { minimum: 0, median: 1, maximum: 9 }
  const judged = { score: 5, limits: { review: 2, reject: 3 } }

  test('are carried over by the line from the median to the peak', () => {
    expect(paintedRange(map, judged)).toEqual({ from: 3, to: 9, outline: 3 })
    expect(paintedRange(map, judged, 0.5)).toEqual({ from: 2, to: 9, outline: 3 })
    expect(paintedRange(map, { ...judged, score: 3 }).to).toBeCloseTo(9 + 0.25 * 8)
  })

  test('leave the level of a surface clear though smoothing has lowered the peak to little above it', () => {
    const { from } = paintedRange({ minimum: 3, median: 4, maximum: 5.5 }, { score: 9.6, limits: { review: 6.2, reject: 6.8 } })

    expect(from).toBeGreaterThan(4.3)
    expect(from).toBeLessThan(5.5)
  })

  // Background -8, defect 3 to 4, as a network that was trained to say the logarithm of odds.
  test.each([
    { score: -1, limits: { review: -5, reject: -3 } },
    { score: 2, limits: { review: -5, reject: -3 } },
    { score: 0, limits: { review: -5, reject: 0 } },
    { score: 8, limits: { review: 2, reject: 3 } },
    { score: 4, limits: { review: 0, reject: 3 } },
    { score: -4, limits: { review: -9, reject: -5 } }
  ])('of a score of $score that may be below zero leave a place', (judged) => {
    const { from, to, outline } = paintedRange({ minimum: -9, median: -8, maximum: 4 }, judged)

    expect(outline).toBeLessThanOrEqual(4)
    expect(outline).toBeGreaterThan(-8)
    expect(from).toBeCloseTo(outline)
    expect(to).toBeGreaterThanOrEqual(from)
  })

  test.each([[0.9, { review: 1, reject: 2 }], [-6, { review: -5, reject: -3 }], [0, { review: 1, reject: 2 }], [-9, { review: -8.5, reject: -3 }]])('a good part of score %d has nothing beyond them', (score, limits) => {
    const map = { minimum: -9, median: -8, maximum: 0.5 }
    expect(paintedRange(map, { score, limits }).outline).toBeGreaterThan(map.maximum)
  })

  test('are nowhere without any; a share of the map\'s own range is painted', () => {
    expect(paintedRange(map, null)).toEqual({ from: 4.5, to: 9, outline: Infinity })
    expect(paintedRange(map, null, 2).from).toBeLessThan(9)
  })
})
