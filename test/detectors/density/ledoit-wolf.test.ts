import { describe, expect, it } from 'vitest'
import { ledoitWolf } from '../../../engine/detectors/density/ledoit-wolf.ts'
import { normal, seededRandom } from '../../../engine/random.ts'

/** The definitions of the paper, matrix by matrix. */
function naive (points: Float32Array, p: number): { shrinkage: number, scale: number, sample: number[][] } {
  const n = points.length / p
  const mean = Array.from({ length: p }, (_, i) => Array.from({ length: n }, (_, k) => points[k * p + i]!).reduce((a, b) => a + b) / n)
  const centred = Array.from({ length: n }, (_, k) => mean.map((m, i) => points[k * p + i]! - m))
  const outer = (x: number[]): number[][] => x.map((a) => x.map((b) => a * b))
  const norm = (a: number[][], b: number[][]): number => a.reduce((sum, row, i) => sum + row.reduce((s, value, j) => s + (value - b[i]![j]!) ** 2, 0), 0) / p
  const sample = mean.map((_, i) => mean.map((_, j) => centred.reduce((sum, x) => sum + x[i]! * x[j]!, 0) / n))
  const scale = sample.reduce((sum, row, i) => sum + row[i]!, 0) / p
  const distance = norm(sample, sample.map((row, i) => row.map((_, j) => i === j ? scale : 0)))
  const noise = Math.min(distance, centred.reduce((sum, x) => sum + norm(outer(x), sample), 0) / n ** 2)
  return { shrinkage: noise / distance, scale, sample }
}

describe('ledoitWolf', () => {
  it.each([[12, 5], [6, 20], [200, 3]])('of %i points in %i dimensions is that of the paper', (n, p) => {
    const random = seededRandom(n)
    const points = Float32Array.from({ length: n * p }, (_, index) => 3 + (1 + index % p) * normal(random))
    const { covariance, shrinkage } = ledoitWolf(points, p)
    const known = naive(points, p)
    expect(shrinkage).toBeCloseTo(known.shrinkage, 8)
    for (let i = 0; i < p; i++) {
      for (let j = 0; j < p; j++) {
        const expected = (1 - known.shrinkage) * known.sample[i]![j]! + (i === j ? known.shrinkage * known.scale : 0)
        expect(Math.abs(covariance[i * p + j]! - expected)).toBeLessThan(1e-5 * known.scale)
      }
    }
  })

  it('hardly shrinks where there are many points of unequal spread, and wholly where the spread is equal', () => {
    const random = seededRandom(5)
    const unequal = Float32Array.from({ length: 4000 * 4 }, (_, index) => (1 + index % 4) * normal(random))
    const equal = Float32Array.from({ length: 30 * 40 }, () => normal(random))
    expect(ledoitWolf(unequal, 4).shrinkage).toBeLessThan(0.01)
    expect(ledoitWolf(equal, 40).shrinkage).toBeGreaterThan(0.8)
  })
})
