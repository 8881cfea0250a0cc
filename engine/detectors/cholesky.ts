/** Inverse factors of symmetric positive definite matrices (Golub and Van Loan 2013, § 4.2). */
import { GoodpartsError } from '../errors.ts'

/**
 * With `matrix = L Lᵀ`, the lower triangular `L⁻¹`: `|L⁻¹ x|² = xᵀ matrix⁻¹ x`, the squared Mahalanobis distance.
 * @param matrix `(n, n)` row-major; its lower triangle is read.
 * @throws GOODPARTS_ARGUMENT when it is not positive definite.
 */
export function inverseFactor (matrix: Float64Array, n: number): Float64Array {
  const lower = factor(matrix, n)
  const inverse = new Float64Array(n * n)
  for (let column = 0; column < n; column++) {
    inverse[column * n + column] = 1 / (lower[column * n + column] as number)
    for (let row = column + 1; row < n; row++) {
      let sum = 0
      for (let k = column; k < row; k++) sum += (lower[row * n + k] as number) * (inverse[k * n + column] as number)
      inverse[row * n + column] = -sum / (lower[row * n + row] as number)
    }
  }
  return inverse
}

function factor (matrix: Float64Array, n: number): Float64Array {
  const lower = new Float64Array(n * n)
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row * n + column] as number
      for (let k = 0; k < column; k++) sum -= (lower[row * n + k] as number) * (lower[column * n + k] as number)
      if (row > column) {
        lower[row * n + column] = sum / (lower[column * n + column] as number)
        continue
      }
      if (!(sum > 0)) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected a positive definite matrix, got ${sum} at pivot ${row}`)
      lower[row * n + row] = Math.sqrt(sum)
    }
  }
  return lower
}
