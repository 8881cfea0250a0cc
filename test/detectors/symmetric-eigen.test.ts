import { describe, expect, it } from 'vitest'
import { symmetricEigen } from '../../engine/detectors/symmetric-eigen.ts'
import { normal, seededRandom } from '../../engine/random.ts'

describe('symmetricEigen', () => {
  it('finds what is known of a small matrix', () => {
    const { values, vectors } = symmetricEigen(Float64Array.of(2, 1, 1, 2), 2)
    expect(values[0]).toBeCloseTo(3, 12)
    expect(values[1]).toBeCloseTo(1, 12)
    expect(Math.abs(vectors[0]! + vectors[1]!)).toBeCloseTo(Math.SQRT2, 12)
    expect(Math.abs(vectors[2]! - vectors[3]!)).toBeCloseTo(Math.SQRT2, 12)
  })

  it('finds the eigenvalues 2 - 2 cos(k pi / (n + 1)) of the second difference', () => {
    const n = 30
    const matrix = Float64Array.from({ length: n * n }, (_, index) => [2, -1][Math.abs(Math.floor(index / n) - index % n)] ?? 0)
    const { values } = symmetricEigen(matrix, n)
    const known = Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos((n - k) * Math.PI / (n + 1)))
    known.forEach((value, k) => { expect(values[k]).toBeCloseTo(value, 11) })
  })

  it('gives orthonormal vectors that rebuild a random matrix, itself left alone', () => {
    const random = seededRandom(3)
    const n = 24
    const matrix = new Float64Array(n * n)
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) matrix[i * n + j] = matrix[j * n + i] = normal(random)
    const before = Float64Array.from(matrix)
    const { values, vectors } = symmetricEigen(matrix, n)
    expect(matrix).toEqual(before)
    expect([...values]).toEqual([...values].sort((a, b) => b - a))
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let dot = 0
        let rebuilt = 0
        for (let k = 0; k < n; k++) {
          dot += vectors[i * n + k]! * vectors[j * n + k]!
          rebuilt += values[k]! * vectors[k * n + i]! * vectors[k * n + j]!
        }
        expect(dot).toBeCloseTo(i === j ? 1 : 0, 11)
        expect(rebuilt).toBeCloseTo(matrix[i * n + j]!, 10)
      }
    }
  })
})
