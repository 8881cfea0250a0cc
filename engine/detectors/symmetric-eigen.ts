/** Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan 2013, § 8.5). */

export interface Eigen {
  /** Descending. */
  values: Float64Array
  /** `(n, n)` row-major: row i is the unit eigenvector of `values[i]`. */
  vectors: Float64Array
}

const maximumSweeps = 60

/** @param matrix `(n, n)` row-major, symmetric; left as it is. */
export function symmetricEigen (matrix: Float64Array, n: number): Eigen {
  const a = Float64Array.from(matrix)
  // Rows of v become the eigenvectors: rotating rows keeps memory contiguous.
  const v = new Float64Array(n * n)
  for (let i = 0; i < n; i++) v[i * n + i] = 1
  const total = a.reduce((sum, value) => sum + value * value, 0)
  for (let sweep = 0; sweep < maximumSweeps && offDiagonal(a, n) > 1e-22 * total; sweep++) {
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q)
    }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => (a[j * n + j] as number) - (a[i * n + i] as number))
  const vectors = new Float64Array(n * n)
  order.forEach((from, to) => { vectors.set(v.subarray(from * n, (from + 1) * n), to * n) })
  return { values: Float64Array.from(order, (i) => a[i * n + i] as number), vectors }
}

function offDiagonal (a: Float64Array, n: number): number {
  let sum = 0
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) if (row !== column) sum += (a[row * n + column] as number) ** 2
  }
  return sum
}

/** Makes `a[p, q]` zero. */
function rotate (a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q] as number
  if (apq === 0) return
  const theta = ((a[q * n + q] as number) - (a[p * n + p] as number)) / (2 * apq)
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1))
  const c = 1 / Math.hypot(t, 1)
  const s = t * c
  rotatePair(a, n, p, q, c, s, true)
  rotatePair(a, n, p, q, c, s, false)
  rotatePair(v, n, p, q, c, s, true)
}

/** Rows p and q (or columns) become `c p - s q` and `s p + c q`. */
function rotatePair (m: Float64Array, n: number, p: number, q: number, c: number, s: number, rows: boolean): void {
  const [step, firstP, firstQ] = rows ? [1, p * n, q * n] : [n, p, q]
  for (let k = 0; k < n; k++) {
    const x = m[firstP + k * step] as number
    const y = m[firstQ + k * step] as number
    m[firstP + k * step] = c * x - s * y
    m[firstQ + k * step] = s * x + c * y
  }
}
