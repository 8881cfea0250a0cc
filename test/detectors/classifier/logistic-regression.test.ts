import { describe, expect, it } from 'vitest'
import { fitLogisticRegression, logitsOf, logLoss } from '../../../engine/detectors/classifier/logistic-regression.ts'
import type { LabelledRows } from '../../../engine/detectors/classifier/logistic-regression.ts'
import { minimise } from '../../../engine/detectors/classifier/minimise.ts'
import { normal, seededRandom } from '../../../engine/random.ts'

describe('minimise', () => {
  it('finds the minimum of a badly scaled quadratic', () => {
    const scales = [1, 30, 1000, 0.01]
    const point = minimise((x) => ({ value: scales.reduce((sum, s, i) => sum + s * (x[i]! - i) ** 2 / 2, 0), gradient: Float64Array.from(scales, (s, i) => s * (x[i]! - i)) }), new Float64Array(4), { tolerance: 1e-10 })
    point.forEach((value, i) => { expect(value).toBeCloseTo(i, 6) })
  })

  it('finds the minimum of Rosenbrock\'s valley', () => {
    const point = minimise(([x = 0, y = 0]) => ({
      value: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
      gradient: Float64Array.of(-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x))
    }), Float64Array.of(-1.2, 1), { tolerance: 1e-9 })
    expect(point[0]).toBeCloseTo(1, 6)
    expect(point[1]).toBeCloseTo(1, 6)
  })
})

function clouds (counts: readonly number[], seed: number, width = 3): LabelledRows {
  const random = seededRandom(seed)
  const labels = Uint32Array.from(counts.flatMap((count, label) => Array.from({ length: count }, () => label)))
  const rows = Float32Array.from({ length: labels.length * width }, (_, index) => {
    const label = labels[Math.floor(index / width)]!
    return 5 + (index % width + 1) * ((index % width === label ? 2 : 0) + normal(random))
  })
  return { rows, width, labels, classes: counts.length }
}

describe('fitLogisticRegression', () => {
  it('tells classes apart that it has not seen the rows of', () => {
    const head = fitLogisticRegression(clouds([60, 20, 30], 1), 0.001)
    const other = clouds([50, 50, 50], 2)
    const right = [...other.labels].filter((label, row) => {
      const logits = logitsOf(head, other.rows.subarray(row * 3, row * 3 + 3))
      return logits.indexOf(Math.max(...logits)) === label
    })
    expect(right.length / 150).toBeGreaterThan(0.75)
    expect(logLoss(head, other)).toBeLessThan(0.8)
  })

  it('is where the gradient of the penalised loss vanishes', () => {
    // Two classes of one feature without a deviation of its own scale: w is the difference of the two weights, p the fitted probability.
    const data = { rows: Float32Array.of(-1, 1, -1, 1, 1, -1, 1, 1), width: 1, labels: Uint32Array.of(0, 0, 0, 1, 1, 1, 1, 1), classes: 2 }
    const penalty = 0.1
    const { weights, bias } = fitLogisticRegression(data, penalty)
    const mean = 2 / 8
    const deviation = Math.sqrt(1 - mean ** 2)
    const probability = (x: number): number => 1 / (1 + Math.exp(-((weights[1]! - weights[0]!) * x + bias[1]! - bias[0]!)))
    const residual = (x: number, label: number): number => (probability(x) - label) / (label === 1 ? 2 * 5 : 2 * 3)
    const slope = [...data.labels].reduce((sum, label, row) => sum + residual(data.rows[row]!, label) * (data.rows[row]! - mean) / deviation, 0)
    expect(slope + penalty * weights[1]! * deviation).toBeCloseTo(0, 5)
    expect([...data.labels].reduce((sum, label, row) => sum + residual(data.rows[row]!, label), 0)).toBeCloseTo(0, 5)
  })

  it('weighs classes alike, however many rows they have', () => {
    const few = clouds([500, 10], 3, 1)
    const { bias, weights } = fitLogisticRegression(few, 100)
    // So strong a penalty leaves the bias alone, which says nothing of the counts.
    const [a, b] = [logitsOf({ bias, weights }, Float32Array.of(6))[0]!, logitsOf({ bias, weights }, Float32Array.of(6))[1]!]
    expect(Math.abs(a - b)).toBeLessThan(0.1)
  })
})
