/**
 * Whether two sets of feature vectors come from one source: maximum mean discrepancy with a Gaussian kernel of the median distance's width, and
 * a permutation test, which holds for any sample size (Gretton et al. 2012).
 */
import { GoodpartsError } from '../../errors.ts'
import type { Random } from '../../random.ts'

export interface TwoSampleResult {
  /** Unbiased squared discrepancy; around 0 without a difference. */
  discrepancy: number
  /** At most `alpha` with probability at most `alpha` without a difference. */
  pValue: number
}

/** @throws GOODPARTS_ARGUMENT for fewer than 2 vectors on a side. */
export function twoSampleTest (reference: readonly Float32Array[], recent: readonly Float32Array[], random: Random, permutations = 199): TwoSampleResult {
  if (reference.length < 2 || recent.length < 2) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected at least 2 vectors on each side, got ${reference.length} and ${recent.length}`)
  const side = recent.length
  const kernel = kernelOf([...recent, ...reference])
  const n = kernel.rowSums.length
  const order = Uint32Array.from({ length: n }, (_, index) => index)
  const observed = discrepancy(kernel, order, side)
  let atLeast = 1
  for (let draw = 0; draw < permutations; draw++) {
    drawFirst(order, side, random)
    if (discrepancy(kernel, order, side) >= observed - rounding) atLeast++
  }
  return { discrepancy: observed, pValue: atLeast / (permutations + 1) }
}

/** A uniformly random choice comes to the first `m` places, whatever the order was (the beginning of Fisher and Yates). */
function drawFirst (order: Uint32Array, m: number, random: Random): void {
  for (let i = 0; i < m; i++) {
    const j = i + Math.floor(random() * (order.length - i))
    const swap = order[i] as number
    order[i] = order[j] as number
    order[j] = swap
  }
}

/** Sums of the same values in another order differ by less: a tie must count as one. */
const rounding = 1e-12

interface Kernel {
  /** Row-major, 0 on the diagonal. */
  values: Float64Array
  rowSums: Float64Array
  /** Of all pairs, each once. */
  total: number
}

function kernelOf (vectors: readonly Float32Array[]): Kernel {
  const n = vectors.length
  const values = gaussianKernel(vectors)
  for (let i = 0; i < n; i++) values[i * n + i] = 0
  const rowSums = Float64Array.from({ length: n }, (_, i) => values.subarray(i * n, (i + 1) * n).reduce((sum, value) => sum + value, 0))
  return { values, rowSums, total: rowSums.reduce((sum, value) => sum + value, 0) / 2 }
}

function gaussianKernel (vectors: readonly Float32Array[]): Float64Array {
  const n = vectors.length
  const squared = new Float64Array(n * n)
  const all: number[] = []
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const distance = squaredDistance(vectors[i] as Float32Array, vectors[j] as Float32Array)
      squared[i * n + j] = distance
      squared[j * n + i] = distance
      all.push(distance)
    }
  }
  const median = all.sort((a, b) => a - b)[all.length >> 1] as number
  return squared.map((value) => Math.exp(-value / Math.max(median, Number.MIN_VALUE)))
}

/** With the first `m` of the order on one side: pairs within that side are summed, those across and beyond follow from the rows' sums. */
function discrepancy ({ values, rowSums, total }: Kernel, order: Uint32Array, m: number): number {
  const n = rowSums.length
  let first = 0
  let rows = 0
  for (let a = 0; a < m; a++) {
    const row = order[a] as number
    rows += rowSums[row] as number
    for (let b = a + 1; b < m; b++) first += values[row * n + (order[b] as number)] as number
  }
  const across = rows - 2 * first
  const second = total - first - across
  const rest = n - m
  return 2 * first / (m * (m - 1)) + 2 * second / (rest * (rest - 1)) - 2 * across / (m * rest)
}

function squaredDistance (a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2
  return sum
}
