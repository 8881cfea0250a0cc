/**
 * Deep streaming linear discriminant analysis (Hayes and Kanan 2020): running class means and one shared covariance of frozen features. It
 * keeps no exemplar and forgets nothing.
 */
import { inverseFactor } from '../../detectors/cholesky.ts'
import type { ReplayItem } from '../buffers/replay-policy.ts'
import { softmax, type Learner } from './classifier.ts'

/** Weight of the identity in the covariance. */
const shrinkage = 1e-4

export class StreamingLda implements Learner {
  readonly classes: string[] = []
  readonly #means: Float64Array[] = []
  readonly #counts: number[] = []
  #covariance = new Float64Array()
  #seen = 0
  /** `L⁻¹` of the shrunk covariance, and the class means seen through it. */
  #whitening: Float64Array | null = null
  #centres: Float64Array[] = []

  learn (lot: readonly ReplayItem[]): void {
    for (const { label, features } of lot) this.#take(label, features)
    this.#whitening = null
  }

  probabilities (features: Float32Array): Float64Array {
    if (this.classes.length === 0) return new Float64Array()
    const factor = this.#factor()
    const x = product(factor, Float64Array.from(features))
    // Λμ·x - ½ μᵀΛμ with Λ = L⁻ᵀL⁻¹.
    return softmax(Float64Array.from(this.#centres, (centre) => centre.reduce((sum, value, i) => sum + value * ((x[i] as number) - value / 2), 0)))
  }

  /** The covariance moves by the item's distance from the mean before it. */
  #take (label: string, features: Float32Array): void {
    const n = features.length
    let index = this.classes.indexOf(label)
    if (index === -1) {
      index = this.classes.push(label) - 1
      this.#means.push(Float64Array.from(features))
      this.#counts.push(0)
    }
    if (this.#covariance.length === 0) this.#covariance = new Float64Array(n * n)
    const mean = this.#means[index] as Float64Array
    const difference = Float64Array.from(features, (value, i) => value - (mean[i] as number))
    const t = this.#seen
    const covariance = this.#covariance
    const keep = t / (t + 1)
    const add = t / ((t + 1) * (t + 1))
    for (let row = 0; row < n; row++) {
      const scale = add * (difference[row] as number)
      for (let column = 0; column <= row; column++) {
        const at = row * n + column
        covariance[at] = keep * (covariance[at] as number) + scale * (difference[column] as number)
      }
    }
    const count = this.#counts[index] = (this.#counts[index] as number) + 1
    for (let i = 0; i < n; i++) mean[i] = (mean[i] as number) + (difference[i] as number) / count
    this.#seen++
  }

  #factor (): Float64Array {
    if (this.#whitening !== null) return this.#whitening
    const n = this.#means[0]?.length ?? 0
    const shrunk = this.#covariance.map((value, at) => (1 - shrinkage) * value + (at % (n + 1) === 0 ? shrinkage : 0))
    const factor = this.#whitening = inverseFactor(shrunk, n)
    this.#centres = this.#means.map((mean) => product(factor, mean))
    return factor
  }
}

/** Of a lower triangular matrix `(n, n)` with a vector. */
function product (lower: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length
  return Float64Array.from({ length: n }, (_, row) => {
    let sum = 0
    for (let column = 0; column <= row; column++) sum += (lower[row * n + column] as number) * (vector[column] as number)
    return sum
  })
}
