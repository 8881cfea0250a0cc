/** From D features to the d directions in which good parts vary most (Pearson 1901), whitened per feature where asked for. */
import { symmetricEigen } from '../symmetric-eigen.ts'
import type { Projection } from '../backbone-features/feature-graph.ts'

export interface ComponentOptions {
  /** d; D or more keeps all. */
  components: number
  /** Divide every feature by its own deviation first, so that loud features do not drown quiet ones. */
  whitening: boolean
}

/** Added to deviations, relative to the largest, so that a feature that never varies stays finite. */
const deviationFloor = 1e-2

/** @param rows `(n, D)` row-major, n at least 1. */
export function principalComponents (rows: Float32Array, features: number, { components, whitening }: ComponentOptions): Projection {
  const { mean, covariance } = moments(rows, features)
  const gain = new Float64Array(features).fill(1)
  if (whitening) {
    const deviations = gain.map((_, i) => Math.sqrt(covariance[i * features + i] as number))
    const floor = deviationFloor * deviations.reduce((largest, value) => Math.max(largest, value), 0)
    deviations.forEach((deviation, i) => { gain[i] = 1 / (deviation + floor || 1) })
  }
  const scaled = covariance.map((value, index) => value * (gain[Math.floor(index / features)] as number) * (gain[index % features] as number))
  const { vectors } = symmetricEigen(scaled, features)
  const width = Math.min(components, features)
  const matrix = new Float32Array(features * width)
  for (let feature = 0; feature < features; feature++) {
    for (let column = 0; column < width; column++) {
      matrix[feature * width + column] = (vectors[column * features + feature] as number) * (gain[feature] as number)
    }
  }
  return { mean: Float32Array.from(mean), matrix }
}

function moments (rows: Float32Array, features: number): { mean: Float64Array, covariance: Float64Array } {
  const count = rows.length / features
  const mean = new Float64Array(features)
  rows.forEach((value, index) => { mean[index % features] = (mean[index % features] as number) + value / count })
  const covariance = new Float64Array(features * features)
  const centred = new Float64Array(features)
  for (let first = 0; first < rows.length; first += features) {
    for (let i = 0; i < features; i++) centred[i] = (rows[first + i] as number) - (mean[i] as number)
    for (let i = 0; i < features; i++) {
      const value = centred[i] as number
      const row = i * features
      for (let j = i; j < features; j++) covariance[row + j] = (covariance[row + j] as number) + value * (centred[j] as number)
    }
  }
  for (let i = 0; i < features; i++) {
    for (let j = i; j < features; j++) {
      const value = (covariance[i * features + j] as number) / count
      covariance[i * features + j] = value
      covariance[j * features + i] = value
    }
  }
  return { mean, covariance }
}
