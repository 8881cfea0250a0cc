import { expect, it } from 'vitest'
import { lossCurve, lossText } from '../../engine/training/loss-curve.ts'

it('keeps every step of a short training, and none of no training', () => {
  expect(lossCurve([3, 2, 1])).toEqual([{ step: 1, loss: 3 }, { step: 2, loss: 2 }, { step: 3, loss: 1 }])
  expect(lossCurve([])).toEqual([])
})

it('is at most 100 means of all steps of a long one, to its last', () => {
  const losses = Array.from({ length: 1234 }, (_, step) => 1234 - step)
  const curve = lossCurve(losses)
  expect(curve).toHaveLength(100)
  expect(curve.at(-1)!.step).toBe(1234)
  const sums = curve.map(({ step, loss }, i) => loss * (step - (curve[i - 1]?.step ?? 0)))
  expect(sums.reduce((a, b) => a + b)).toBeCloseTo(losses.reduce((a, b) => a + b), 4)
})

it('is said in three digits', () => {
  expect(lossText(0.123456)).toBe('loss 0.123')
})
