import { describe, expect, it } from 'vitest'
import { greedyCoreset, randomProjection } from '../../engine/detectors/coreset.ts'
import { normal, seededRandom } from '../../engine/random.ts'

function cloud (n: number, width: number, seed: number): Float32Array {
  const random = seededRandom(seed)
  return Float32Array.from({ length: n * width }, () => normal(random))
}

function distance (points: Float32Array, width: number, a: number, b: number): number {
  return Math.hypot(...Array.from({ length: width }, (_, i) => points[a * width + i]! - points[b * width + i]!))
}

function coveringRadius (points: Float32Array, width: number, centres: Iterable<number>): number {
  const list = [...centres]
  return Math.max(...Array.from({ length: points.length / width }, (_, point) => Math.min(...list.map((centre) => distance(points, width, point, centre)))))
}

function subsets (n: number, k: number, from = 0): number[][] {
  if (k === 0) return [[]]
  return Array.from({ length: n - from }, (_, i) => from + i).flatMap((first) => subsets(n, k - 1, first + 1).map((rest) => [first, ...rest]))
}

describe('greedyCoreset', () => {
  it.each([[1, 2], [2, 3], [3, 4], [4, 5]])('covers within twice the best radius (seed %i, %i centres)', async (seed, count) => {
    const n = 14
    const points = cloud(n, 2, seed)
    const best = Math.min(...subsets(n, count).map((centres) => coveringRadius(points, 2, centres)))
    for (let first = 0; first < n; first++) {
      expect(coveringRadius(points, 2, await greedyCoreset(points, 2, { count, first }))).toBeLessThanOrEqual(2 * best + 1e-6)
    }
  })

  it('takes, at every step, a point that is farthest from those taken, and keeps the first', async () => {
    const points = cloud(400, 6, 9)
    const taken = [...await greedyCoreset(points, 6, { count: 60, first: 17 })]
    expect(taken[0]).toBe(17)
    for (let step = 1; step < taken.length; step++) {
      const before = taken.slice(0, step)
      const own = Math.min(...before.map((centre) => distance(points, 6, taken[step]!, centre)))
      expect(own).toBeCloseTo(coveringRadius(points, 6, before), 5)
    }
  })

  it('takes every point when asked for all, none twice', async () => {
    const points = cloud(120, 3, 5)
    expect(new Set(await greedyCoreset(points, 3, { count: 500, first: 3 })).size).toBe(120)
  })

  it('takes no copy of what it has', async () => {
    const distinct = cloud(10, 3, 2)
    const points = new Float32Array(12 * distinct.length)
    for (let copy = 0; copy < 12; copy++) points.set(distinct, copy * distinct.length)
    const taken = await greedyCoreset(points, 3, { count: 60, first: 7 })
    expect(taken.length).toBe(10)
    expect(new Set(Array.from(taken, (index) => index % 10)).size).toBe(10)
  })

  it('orders its choice, so that a smaller coreset is the beginning of a larger one', async () => {
    const points = cloud(200, 4, 8)
    const large = await greedyCoreset(points, 4, { count: 50, first: 0 })
    expect(await greedyCoreset(points, 4, { count: 20, first: 0 })).toEqual(large.slice(0, 20))
  })

  it('ends when the pause throws', async () => {
    const points = cloud(500, 4, 8)
    const stop = (taken: number): void => { if (taken >= 32) throw new Error('enough') }
    await expect(greedyCoreset(points, 4, { count: 400, first: 0, pause: stop })).rejects.toThrow('enough')
  })
})

describe('randomProjection', () => {
  it('keeps squared distances on average', () => {
    const points = cloud(40, 200, 4)
    const flat = randomProjection(points, 200, 32, seededRandom(6))
    expect(flat.width).toBe(32)
    const ratios = Array.from({ length: 39 }, (_, i) => distance(flat.points, 32, 0, i + 1) ** 2 / distance(points, 200, 0, i + 1) ** 2)
    expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).toBeGreaterThan(0.8)
    expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).toBeLessThan(1.2)
  })

  it('leaves narrow points alone', () => {
    const points = cloud(5, 8, 1)
    expect(randomProjection(points, 8, 32, seededRandom(0)).points).toBe(points)
  })
})
