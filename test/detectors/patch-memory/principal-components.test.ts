import { describe, expect, it } from 'vitest'
import { principalComponents } from '../../../engine/detectors/patch-memory/principal-components.ts'
import { normal, seededRandom } from '../../../engine/random.ts'

/** Rows `(n, 3)` that vary along (1, 1, 0) most, along (1, -1, 0) less, and hardly along the third axis; mean (5, 6, 7). */
function rows (n: number): Float32Array {
  const random = seededRandom(1)
  const values = new Float32Array(n * 3)
  for (let i = 0; i < n; i++) {
    const [long, short] = [4 * normal(random), normal(random)]
    values.set([5 + long + short, 6 + long - short, 7 + 0.01 * normal(random)], 3 * i)
  }
  return values
}

function projected (values: Float32Array, { mean, matrix }: { mean: Float32Array, matrix: Float32Array }): number[][] {
  const width = matrix.length / mean.length
  return Array.from({ length: values.length / mean.length }, (_, row) => Array.from({ length: width }, (_, column) =>
    mean.reduce((sum, middle, i) => sum + (values[row * mean.length + i]! - middle) * matrix[i * width + column]!, 0)))
}

describe('principalComponents', () => {
  it('finds the directions in which the rows vary, most first', () => {
    const { mean, matrix } = principalComponents(rows(4000), 3, { components: 2, whitening: false })
    expect(mean[0]).toBeCloseTo(5, 0)
    expect(mean[2]).toBeCloseTo(7, 2)
    const [first, second] = [[0, 2, 4], [1, 3, 5]].map((places) => places.map((place) => Math.abs(matrix[place]!)))
    for (const direction of [first!, second!]) {
      expect(direction[0]).toBeCloseTo(Math.SQRT1_2, 1)
      expect(direction[1]).toBeCloseTo(Math.SQRT1_2, 1)
      expect(direction[2]).toBeCloseTo(0, 2)
    }
  })

  it('keeps distances when it keeps every component', () => {
    const values = rows(50)
    const all = projected(values, principalComponents(values, 3, { components: 9, whitening: false }))
    for (let row = 1; row < 50; row++) {
      const [x, y] = [all[0]!, all[row]!]
      const before = Math.hypot(...[0, 1, 2].map((i) => values[i]! - values[3 * row + i]!))
      expect(Math.hypot(...x.map((value, i) => value - y[i]!))).toBeCloseTo(before, 4)
    }
  })

  it('makes every feature count alike when whitening, and stays finite for one that never varies', () => {
    const values = Float32Array.from(rows(4000), (value, index) => index % 3 === 2 ? 7 : index % 3 === 1 ? 100 * value : value)
    const { matrix } = principalComponents(values, 3, { components: 3, whitening: true })
    const gains = [0, 1, 2].map((i) => Math.hypot(matrix[3 * i]!, matrix[3 * i + 1]!, matrix[3 * i + 2]!))
    expect(gains.every(Number.isFinite)).toBe(true)
    // One hundred times the deviation, about a hundredth of the gain.
    expect(gains[0]! / gains[1]!).toBeGreaterThan(40)
  })
})
