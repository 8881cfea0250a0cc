import { describe, expect, it } from 'vitest'
import { inverseFactor } from '../../engine/detectors/cholesky.ts'
import { normal, seededRandom } from '../../engine/random.ts'

describe('inverseFactor', () => {
  it('gives a lower triangle L⁻¹ with L⁻¹ A L⁻ᵀ = 1', () => {
    const random = seededRandom(1)
    const n = 17
    const points = Float64Array.from({ length: 40 * n }, () => normal(random))
    const a = new Float64Array(n * n)
    for (let point = 0; point < 40; point++) for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) a[i * n + j]! += points[point * n + i]! * points[point * n + j]! / 40
    const inverse = inverseFactor(a, n)
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        if (j > i) expect(inverse[i * n + j]).toBe(0)
        let sum = 0
        for (let k = 0; k < n; k++) for (let l = 0; l < n; l++) sum += inverse[i * n + k]! * a[k * n + l]! * inverse[j * n + l]!
        expect(sum).toBeCloseTo(i === j ? 1 : 0, 9)
      }
    }
  })

  it('refuses what is not positive definite', () => {
    expect(() => inverseFactor(Float64Array.of(1, 2, 2, 1), 2)).toThrow(expect.objectContaining({ code: 'GOODPARTS_ARGUMENT' }) as Error)
  })
})
