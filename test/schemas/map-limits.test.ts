import { describe, expect, test } from 'vitest'
import { paintedRange } from '../../schemas/map-limits.ts'

describe('limits on a map', () => {
  const map = { minimum: 0, maximum: 8 }
  const judged = { score: 4, limits: { review: 1, reject: 2 } }

  test('of a distance are carried over by the ratio of peak and score', () => {
    expect(paintedRange(map, judged)).toEqual({ from: 2, to: 8, outline: 2 })
    expect(paintedRange(map, judged, 0.5)).toEqual({ from: 1, to: 8, outline: 2 })
    expect(paintedRange(map, { ...judged, score: 1.5 }).to).toBeCloseTo(2.5 * 8 / 1.5)
  })

  // Background -8, defect 3 to 4, as a network that was trained to say the logarithm of odds.
  test.each([
    { score: -1, limits: { review: -5, reject: -3 } },
    { score: 2, limits: { review: -5, reject: -3 } },
    { score: 0, limits: { review: -5, reject: 0 } },
    { score: 8, limits: { review: 2, reject: 3 } },
    { score: 4, limits: { review: 0, reject: 3 } }
  ])('of a score of $score that may be below zero leave a place, and not everything', (judged) => {
    const { from, to, outline } = paintedRange({ minimum: -8, maximum: 4 }, judged)

    expect(outline).toBeLessThanOrEqual(4)
    expect(outline).toBeGreaterThan(-8)
    expect(from).toBeCloseTo(outline)
    expect(to).toBeGreaterThan(from)
  })

  test.each([[0.9, { review: 1, reject: 2 }], [-6, { review: -5, reject: -3 }], [0, { review: 1, reject: 2 }]])('a good part of score %d has nothing beyond them', (score, limits) => {
    const map = { minimum: -8, maximum: 0.5 }
    expect(paintedRange(map, { score, limits }).outline).toBeGreaterThan(map.maximum)
  })

  test('are nowhere without any; a share of the map\'s own range is painted', () => {
    expect(paintedRange(map, null)).toEqual({ from: 4, to: 8, outline: Infinity })
    expect(paintedRange(map, null, 2).from).toBeLessThan(8)
  })
})
