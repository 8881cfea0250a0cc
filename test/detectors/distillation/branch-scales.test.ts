import { describe, expect, it } from 'vitest'
import { quantiles } from '../../../engine/detectors/distillation/branch-scales.ts'

describe('quantiles', () => {
  it('are those of all maps together: 0.9 becomes 0, 0.995 becomes 0.1', () => {
    const values = Float32Array.from({ length: 1000 }, (_, index) => (index * 617) % 1000)
    expect(quantiles([values.subarray(0, 300), values.subarray(300)])).toEqual({ low: 900, high: 995 })
  })
})
