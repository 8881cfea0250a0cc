import { describe, expect, it } from 'vitest'
import { auroc } from '../../engine/auroc.ts'
import { clopperPearson } from '../../engine/evaluation/binomial-interval.ts'
import { averagePrecision, bestF1, rateOf, recallAtFalseRejects, rocCurve } from '../../engine/evaluation/ranking.ts'
import { normal, seededRandom } from '../../engine/random.ts'

// Scores by hand: 9 bad, 8 good, 7 bad, 7 good, 3 bad, 1 good.
const good = [8, 7, 1]
const defect = [9, 7, 3]

describe('ranking', () => {
  it('draws the ROC with ties as one slanted step', () => {
    expect(rocCurve(good, defect)).toEqual([[0, 0], [0, 1 / 3], [1 / 3, 1 / 3], [2 / 3, 2 / 3], [2 / 3, 1], [1, 1]])
  })

  it('draws a ROC whose area is the AUROC', () => {
    const random = seededRandom(2)
    const fine = Array.from({ length: 60 }, () => Math.round(4 * normal(random)))
    const bad = Array.from({ length: 40 }, () => Math.round(4 * normal(random)) + 3)
    const curve = rocCurve(fine, bad)
    const area = curve.slice(1).reduce((sum, [x, y], i) => sum + (x - curve[i]![0]) * (y + curve[i]![1]) / 2, 0)
    expect(area).toBeCloseTo(auroc(fine, bad)!, 12)
  })

  it('gives average precision and the best F1 as computed by hand', () => {
    expect(averagePrecision(good, defect)).toBeCloseTo((1 + 2 / 4 + 3 / 5) / 3, 12)
    expect(bestF1(good, defect)).toEqual({ f1: 0.75, threshold: 3, precision: 0.6, recall: 1 })
    expect(averagePrecision(good, [])).toBeNull()
    expect(bestF1(good, [])).toBeNull()
  })

  it('gives the recall that a budget of false rejects allows', () => {
    expect([0, 0.3, 0.34, 0.7].map((share) => recallAtFalseRejects(good, defect, share))).toEqual([1 / 3, 1 / 3, 1 / 3, 1])
    expect(recallAtFalseRejects([9], [1], 0)).toBe(0)
    expect(recallAtFalseRejects([], [1], 0)).toBeNull()
  })

  it('counts a rate and says when there is nothing to count', () => {
    expect(rateOf(good, (score) => score >= 7)).toMatchObject({ rate: 2 / 3, count: 2, of: 3 })
    expect(rateOf([], () => true)).toEqual({ rate: null, count: 0, of: 0, interval: { low: 0, high: 1 } })
  })
})

describe('the interval of Clopper and Pearson', () => {
  it.each([
    // Closed forms: no success gives 1 − (α/2)^(1/n), all give (α/2)^(1/n).
    [0, 10, 0, 1 - 0.025 ** 0.1],
    [10, 10, 0.025 ** 0.1, 1],
    // Tails summed in exact fractions, solved by bisection.
    [1, 10, 0.0025285785, 0.4450161170],
    [5, 10, 0.1870860284, 0.8129139716],
    [7, 268, 0.0105644469, 0.0530731178]
  ])('for %d of %d is [%d, %d]', (successes, trials, low, high) => {
    const interval = clopperPearson(successes, trials)
    expect(interval.low).toBeCloseTo(low, 9)
    expect(interval.high).toBeCloseTo(high, 9)
  })
})
