import { describe, expect, it } from 'vitest'
import { SnnlReference } from '../../engine/continual/snnl.ts'
import { permutation, seededRandom } from '../../engine/random.ts'
import { clusters } from './clusters.ts'

/** Of each point against the others. */
function snnlOfEach (points: ReadonlyArray<{ label: string, features: Float32Array }>, temperature?: number): number[] {
  const reference = new SnnlReference(points, temperature)
  return points.map((point, index) => reference.of(point, index))
}

/** Each class one direction, `cosine` between any two classes. */
function separated (sizes: Record<string, number>, cosine: number): Array<{ label: string, features: Float32Array }> {
  const labels = Object.keys(sizes)
  const shared = Math.sqrt(cosine)
  const own = Math.sqrt(1 - cosine)
  return labels.flatMap((label, index) => Array.from({ length: sizes[label]! }, () => ({
    label, features: Float32Array.from({ length: labels.length + 1 }, (_, axis) => axis === 0 ? shared : axis === index + 1 ? own : 0)
  })))
}

describe('SNNL of single points', () => {
  it.each([0.05, 0.3, 1])('of separated classes is -log((n-1) / ((n-1) + (N-n) exp((c-1)/T))), T = %d', (temperature) => {
    const points = separated({ a: 5, b: 8, c: 3 }, 0.4)
    const values = snnlOfEach(points, temperature)
    points.forEach(({ label }, index) => {
      const own = { a: 4, b: 7, c: 2 }[label]!
      const others = 15 - own
      expect(values[index]).toBeCloseTo(-Math.log(own / (own + others * Math.exp((0.4 - 1) / temperature))), 5)
    })
  })

  it('of equal features is minus the logarithm of the class’s share of the others', () => {
    const points = separated({ a: 4, b: 6 }, 0).map(({ label }) => ({ label, features: Float32Array.of(1, 2) }))
    expect(snnlOfEach(points, 0.1)[0]).toBeCloseTo(-Math.log(3 / 9), 6)
  })

  it('is infinite for one alone in its class', () => {
    expect(snnlOfEach(separated({ a: 1, b: 6 }, 0.2))[0]).toBe(Infinity)
  })

  it('does not depend on the scale of the features or on the order of the points', () => {
    const points = clusters({ classes: ['a', 'b', 'c'], each: 12, seed: 1 })
    const values = snnlOfEach(points)
    const scaled = snnlOfEach(points.map((point, index) => ({ ...point, features: point.features.map((value) => value * (index + 0.5)) })))
    const order = [...permutation(points.length, seededRandom(2))]
    const permuted = snnlOfEach(order.map((index) => points[index]!))
    values.forEach((value, index) => {
      expect(scaled[index]).toBeCloseTo(value, 4)
      expect(permuted[order.indexOf(index)]).toBeCloseTo(value, 6)
    })
  })

  it('rises for a point whose label is flipped', () => {
    const points = clusters({ classes: ['a', 'b'], each: 20, seed: 3 })
    const before = snnlOfEach(points)
    const after = snnlOfEach(points.map((point, index) => index === 7 ? { ...point, label: 'b' } : point))
    expect(after[7]).toBeGreaterThan(before[7]! + 1)
    expect(after.indexOf(Math.max(...after))).toBe(7)
  })
})
