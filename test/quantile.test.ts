import { expect, it } from 'vitest'
import { median, quantile, upperMedian } from '../engine/quantile.ts'

it('gives quantiles as R and NumPy do by default', () => {
  expect([0, 0.25, 0.5, 0.9, 1].map((share) => quantile([1, 2, 4, 8], share))).toEqual([1, 1.75, 3, 6.8, 8].map((value) => expect.closeTo(value, 12) as number))
  expect(quantile([7], 0.3)).toBe(7)
  expect(quantile([], 0.5)).toBeNaN()
})

it('tells the two medians of an even number of values apart', () => {
  expect([median([9, 1, 3, 2]), upperMedian([9, 1, 3, 2])]).toEqual([2.5, 3])
  expect([median([9, 1, 3]), upperMedian([9, 1, 3])]).toEqual([3, 3])
  expect([median([]), upperMedian([])]).toEqual([NaN, NaN])
})
