/**
 * Soft Nearest Neighbour Loss of single points (Frosst, Papernot, Hinton 2019, equation 1): how far a point lies from its own class,
 * seen through the kernel `k(a, b) = exp(-(1 - cos(a, b)) / T)`.
 */
import { dot, logSumExp, unit } from './vectors.ts'

/** Cosine distances lie in [0, 2]: from about 1 on every value nears minus the logarithm of the class's share. */
export const defaultTemperature = 0.3

export interface LabelledPoint {
  label: string
  features: Float32Array
}

/** Points against which SNNL is asked for, their features brought to length 1 once. */
export class SnnlReference {
  readonly #points: Array<{ label: string, direction: Float32Array }>
  readonly #temperature: number

  /** @param temperature T, above 0. */
  constructor (points: readonly LabelledPoint[], temperature = defaultTemperature) {
    this.#points = points.map(({ label, features }) => ({ label, direction: unit(features) }))
    this.#temperature = temperature
  }

  /**
   * `-log( Σ_{same label} k(x, ·) / Σ_{all} k(x, ·) )`, at least 0; Infinity when no reference point has the label.
   * `except` is the point's own index among the reference points, left out of both sums.
   */
  of ({ label, features }: LabelledPoint, except = -1): number {
    const direction = unit(features)
    const exponents: number[] = []
    const same: boolean[] = []
    this.#points.forEach((point, index) => {
      if (index === except) return
      exponents.push((dot(direction, point.direction) - 1) / this.#temperature)
      same.push(point.label === label)
    })
    if (!same.includes(true)) return Infinity
    return Math.max(0, logSumExp(exponents) - logSumExp(exponents.filter((_, index) => same[index])))
  }
}
