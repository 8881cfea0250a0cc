import { describe, expect, it } from 'vitest'
import { knnShapleySum } from '../../engine/continual/knn-shapley.ts'
import type { LabelledPoint } from '../../engine/continual/snnl.ts'
import { squaredDistance } from '../../engine/continual/vectors.ts'
import { clusters } from './clusters.ts'

/** Share of right labels among the K nearest of a subset. */
function worth (subset: readonly LabelledPoint[], point: LabelledPoint, neighbours: number): number {
  const nearest = [...subset].sort((a, b) => squaredDistance(a.features, point.features) - squaredDistance(b.features, point.features)).slice(0, neighbours)
  return nearest.filter(({ label }) => label === point.label).length / neighbours
}

/** Over all subsets, as Shapley defined it. */
function bruteForce (candidates: readonly LabelledPoint[], point: LabelledPoint, neighbours: number): number[] {
  const n = candidates.length
  const factorial = (k: number): number => k < 2 ? 1 : k * factorial(k - 1)
  return candidates.map((_, index) => {
    let value = 0
    for (let mask = 0; mask < 2 ** n; mask++) {
      if ((mask >> index & 1) === 1) continue
      const subset = candidates.filter((_candidate, i) => (mask >> i & 1) === 1)
      const share = factorial(subset.length) * factorial(n - subset.length - 1) / factorial(n)
      value += share * (worth([...subset, candidates[index]!], point, neighbours) - worth(subset, point, neighbours))
    }
    return value
  })
}

describe('Shapley values for nearest neighbours', () => {
  it.each([[7, 3], [8, 1], [2, 3]])('of %i candidates and K = %i are those of all subsets', (count, neighbours) => {
    const points = clusters({ classes: ['a', 'b'], each: 6, seed: count, spread: 0.8 })
    const candidates = points.filter((_, index) => index % 2 === 0 || index % 3 === 0).slice(0, count)
    const point = points.at(-1)!
    const expected = bruteForce(candidates, point, neighbours)
    knnShapleySum(candidates, [point], neighbours).forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 12))
  })

  it('add up to the share of right labels among the K nearest', () => {
    const points = clusters({ classes: ['a', 'b', 'c'], each: 15, seed: 4, spread: 0.9 })
    const point = points.pop()!
    const sum = knnShapleySum(points, [point], 3).reduce((total, value) => total + value, 0)
    expect(sum).toBeCloseTo(worth(points, point, 3), 12)
    const other = points[0]!
    const both = knnShapleySum(points, [point, other], 3).reduce((total, value) => total + value, 0)
    expect(both).toBeCloseTo(worth(points, point, 3) + worth(points, other, 3), 12)
  })
})
