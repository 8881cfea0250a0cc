/**
 * Deep streaming linear discriminant analysis (Hayes and Kanan 2020): class means and one shared covariance of frozen features, both exact
 * sums, so that the order of the lots does not matter. Forgets nothing and needs no memory.
 */
import { inverseFactor } from '../../detectors/cholesky.ts'
import type { ReplayItem } from '../buffers/replay-policy.ts'
import { logSoftmax, softmax, type Learner } from './classifier.ts'

/** Weight of the identity in the covariance. */
const shrinkage = 1e-4

interface ClassSums { count: number, mean: Float64Array }

export class StreamingLda implements Learner {
  readonly #sums = new Map<string, ClassSums>()
  /** `Σ (x - μ_y)(x - μ_y)ᵀ`, its lower triangle. */
  #scatter = new Float64Array()
  #classes: string[] = []
  /** `(classes, width)`: `Λμ`, and `-½ μᵀΛμ`; `null` = not yet made of the sums. */
  #weights: Array<{ slope: Float64Array, bias: number }> | null = null

  get classes (): readonly string[] {
    return this.#classes
  }

  learn (lot: readonly ReplayItem[]): void {
    for (const { label, features } of lot) this.#put(label, features)
    this.#classes = [...this.#sums.keys()]
    this.#weights = null
  }

  probabilities (features: Float32Array): Float64Array {
    return softmax(this.#logits(features))
  }

  logProbabilities (features: Float32Array): Float64Array {
    return logSoftmax(this.#logits(features))
  }

  #logits (features: Float32Array): Float64Array {
    this.#weights ??= this.#solve()
    return Float64Array.from(this.#weights, ({ slope, bias }) => slope.reduce((sum, value, i) => sum + value * (features[i] as number), bias))
  }

  /** Welford 1962: `S += n/(n+1) d dᵀ` with d the distance from the mean before. */
  #put (label: string, features: Float32Array): void {
    if (this.#scatter.length === 0) this.#scatter = new Float64Array(features.length ** 2)
    const sums = this.#sums.get(label) ?? { count: 0, mean: new Float64Array(features.length) }
    this.#sums.set(label, sums)
    const difference = sums.mean.map((value, i) => (features[i] as number) - value)
    this.#scatterBy(difference, sums.count / (sums.count + 1))
    sums.count++
    sums.mean = sums.mean.map((value, i) => value + (difference[i] as number) / sums.count)
  }

  #scatterBy (difference: Float64Array, weight: number): void {
    const n = difference.length
    const scatter = this.#scatter
    for (let row = 0; row < n; row++) {
      const scale = weight * (difference[row] as number)
      for (let column = 0, at = row * n; column <= row; column++, at++) scatter[at] = (scatter[at] as number) + scale * (difference[column] as number)
    }
  }

  #solve (): Array<{ slope: Float64Array, bias: number }> {
    const sums = [...this.#sums.values()]
    const n = sums[0]?.mean.length ?? 0
    const total = sums.reduce((sum, { count }) => sum + count, 0)
    const factor = inverseFactor(this.#scatter.map((value, at) => (1 - shrinkage) * value / total + (at % (n + 1) === 0 ? shrinkage : 0)), n)
    return sums.map(({ mean }) => {
      const slope = timesTransposed(factor, times(factor, mean))
      return { slope, bias: -0.5 * slope.reduce((sum, value, i) => sum + value * (mean[i] as number), 0) }
    })
  }
}

/** Of a lower triangular matrix `(n, n)` with a vector. */
function times (lower: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length
  return Float64Array.from({ length: n }, (_, row) => {
    let sum = 0
    for (let column = 0; column <= row; column++) sum += (lower[row * n + column] as number) * (vector[column] as number)
    return sum
  })
}

function timesTransposed (lower: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length
  const product = new Float64Array(n)
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) product[column] = (product[column] as number) + (lower[row * n + column] as number) * (vector[row] as number)
  }
  return product
}
