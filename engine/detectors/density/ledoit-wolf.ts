/** Mean and covariance of few points in many dimensions, shrunk towards a multiple of the identity (Ledoit and Wolf 2004, eq. 14 and lemma 3.2 to 3.4). */

export interface Gaussian {
  /** (D). */
  mean: Float64Array
  /** `(D, D)` row-major. */
  covariance: Float64Array
  /** Weight of the identity's multiple, 0 to 1. */
  shrinkage: number
}

/** Added to the diagonal, relative to the mean variance, and absolutely: points that do not vary at all stay finite. */
const relativeFloor = 1e-6
const absoluteFloor = 1e-12

/** @param points `(n, width)` row-major, n at least 2. */
export function ledoitWolf (points: Float32Array, width: number): Gaussian {
  const n = points.length / width
  const { mean, covariance, fourth } = sampleMoments(points, width)
  let [trace, squares] = [0, 0]
  for (let i = 0; i < width; i++) trace += covariance[i * width + i] as number
  for (const value of covariance) squares += value * value
  const scale = trace / width
  // Norms are Frobenius' over D, as in the paper: d² = |S - m I|², b² = mean |x xᵀ - S|² / n, at most d².
  const distance = squares / width - scale * scale
  const noise = Math.max(0, (fourth / n - squares) / width / n)
  const shrinkage = distance > 0 ? Math.min(1, noise / distance) : 1
  for (let index = 0; index < covariance.length; index++) covariance[index] = (covariance[index] as number) * (1 - shrinkage)
  for (let i = 0; i < width; i++) covariance[i * width + i] = (covariance[i * width + i] as number) + shrinkage * scale + relativeFloor * scale + absoluteFloor
  return { mean, covariance, shrinkage }
}

/** Covariance over n, and Σ |x - mean|⁴. */
function sampleMoments (points: Float32Array, width: number): { mean: Float64Array, covariance: Float64Array, fourth: number } {
  const n = points.length / width
  const mean = new Float64Array(width)
  for (let index = 0; index < points.length; index++) mean[index % width] = (mean[index % width] as number) + (points[index] as number) / n
  const covariance = new Float64Array(width * width)
  const centred = new Float64Array(width)
  let fourth = 0
  for (let first = 0; first < points.length; first += width) {
    let length = 0
    for (let i = 0; i < width; i++) {
      const value = (points[first + i] as number) - (mean[i] as number)
      centred[i] = value
      length += value * value
    }
    fourth += length * length
    for (let i = 0; i < width; i++) {
      for (let j = 0; j <= i; j++) covariance[i * width + j] = (covariance[i * width + j] as number) + (centred[i] as number) * (centred[j] as number) / n
    }
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) covariance[j * width + i] = covariance[i * width + j] as number
  return { mean, covariance, fourth }
}
