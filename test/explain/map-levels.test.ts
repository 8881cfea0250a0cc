import { describe, expect, test } from 'vitest'
import { levelsOf } from '../../engine/explain/map-levels.ts'

describe('levels of a map', () => {
  test('are its lowest, middle and highest value, the middle within a four-thousandth of the range', () => {
    const values = Float32Array.from({ length: 5001 }, (_, i) => (((i * 7919) % 5001) / 5000) ** 3 - 2)

    const { minimum, median, maximum } = levelsOf(values)

    expect([minimum, maximum]).toEqual([-2, -1])
    expect(Math.abs(median - (0.5 ** 3 - 2))).toBeLessThan(1 / 4000)
  })

  test('leave out what is not a number', () => {
    expect(levelsOf(Float32Array.of(NaN, 3, Infinity, 1, -Infinity, 2))).toEqual({ minimum: 1, median: 2, maximum: 3 })
  })

  test('are one for a flat map', () => {
    expect(levelsOf(new Float32Array(9).fill(0.5))).toEqual({ minimum: 0.5, median: 0.5, maximum: 0.5 })
  })
})
