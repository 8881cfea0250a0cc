import { describe, expect, it } from 'vitest'
import { auroc, aurocInterval } from '../engine/auroc.ts'
import { normal, seededRandom } from '../engine/random.ts'

/** By its definition: every pair. */
function pairwise (good: readonly number[], defect: readonly number[]): number {
  let won = 0
  for (const bad of defect) for (const fine of good) won += bad > fine ? 1 : bad === fine ? 0.5 : 0
  return won / good.length / defect.length
}

describe('auroc', () => {
  it('agrees with a comparison of every pair, with and without ties', () => {
    const random = seededRandom(5)
    for (let round = 0; round < 50; round++) {
      const ties = round % 2 === 0
      const draw = (shift: number): number => ties ? Math.floor(6 * random() + shift) : normal(random) + shift
      const good = Array.from({ length: 1 + Math.floor(40 * random()) }, () => draw(0))
      const defect = Array.from({ length: 1 + Math.floor(40 * random()) }, () => draw(0.7))
      expect(auroc(good, defect)).toBeCloseTo(pairwise(good, defect), 12)
    }
  })

  it.each([
    [[1, 2, 3], [4, 5], 1],
    [[4, 5], [1, 2, 3], 0],
    [[1, 1], [1, 1, 1], 0.5],
    [[1, 2, 3], [2, 4], 0.75]
  ])('of %j against %j is %d', (good, defect, expected) => {
    expect(auroc(good, defect)).toBe(expected)
  })

  it('is unknown where a side is empty and refuses what is no number', () => {
    expect(auroc([], [1])).toBeNull()
    expect(auroc([1], [])).toBeNull()
    expect(() => auroc([1, NaN], [2])).toThrow(/finite number, got NaN/)
  })
})

describe('the bootstrap interval', () => {
  const random = seededRandom(8)
  const good = Array.from({ length: 200 }, () => normal(random))
  const defect = Array.from({ length: 150 }, () => normal(random) + 1)

  it('is seeded, holds the estimate and is as wide as the standard error of Hanley and McNeil 1982 says', () => {
    const interval = aurocInterval(good, defect, { seed: 3 })!
    const area = auroc(good, defect)!
    expect(aurocInterval(good, defect, { seed: 3 })).toEqual(interval)
    expect(aurocInterval(good, defect, { seed: 4 })).not.toEqual(interval)
    expect(interval.low).toBeLessThan(area)
    expect(interval.high).toBeGreaterThan(area)
    const [q1, q2] = [area / (2 - area), 2 * area * area / (1 + area)]
    const error = Math.sqrt((area * (1 - area) + (defect.length - 1) * (q1 - area ** 2) + (good.length - 1) * (q2 - area ** 2)) / good.length / defect.length)
    expect((interval.high - interval.low) / (2 * 1.96 * error)).toBeGreaterThan(0.85)
    expect((interval.high - interval.low) / (2 * 1.96 * error)).toBeLessThan(1.15)
  })

  it('draws scores of one part together: six copies of each part say no more than one', () => {
    const copies = (scores: readonly number[]): number[] => scores.flatMap((score) => Array.from({ length: 6 }, () => score))
    const parts = (scores: readonly number[]): string[] => scores.flatMap((_, part) => Array.from({ length: 6 }, () => `part ${part}`))
    const groups = { good: parts(good), defect: parts(defect) }
    expect(aurocInterval(copies(good), copies(defect), { seed: 3, groups })).toEqual(aurocInterval(good, defect, { seed: 3 }))
    const ignorant = aurocInterval(copies(good), copies(defect), { seed: 3 })!
    const honest = aurocInterval(good, defect, { seed: 3 })!
    expect(ignorant.high - ignorant.low).toBeLessThan(0.6 * (honest.high - honest.low))
  })

  it('collapses where the scores are apart', () => {
    expect(aurocInterval([1, 2], [3, 4], { seed: 1 })).toEqual({ low: 1, high: 1 })
  })
})
