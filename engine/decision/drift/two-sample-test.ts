/**
 * Whether two sets of feature vectors come from one source: maximum mean discrepancy with a Gaussian kernel of the median distance's width, and
 * a permutation test, which holds for any sample size (Gretton et al. 2012).
 */
import { GoodpartsError } from '../../errors.ts'
import { permutation, type Random } from '../../random.ts'

export interface TwoSampleResult {
  /** Unbiased squared discrepancy; around 0 without a difference. */
  discrepancy: number
  /** At most `alpha` with probability at most `alpha` without a difference. */
  pValue: number
}

/** @throws GOODPARTS_ARGUMENT for fewer than 2 vectors on a side. */
export function twoSampleTest (reference: readonly Float32Array[], recent: readonly Float32Array[], random: Random, permutations = 199): TwoSampleResult {
  if (reference.length < 2 || recent.length < 2) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected at least 2 vectors on each side, got ${reference.length} and ${recent.length}`)
  const vectors = [...reference, ...recent]
  const kernel = gaussianKernel(vectors)
  const n = vectors.length
  const observed = discrepancy(kernel, n, Uint32Array.from({ length: n }, (_, index) => index), reference.length)
  let atLeast = 1
  for (let draw = 0; draw < permutations; draw++) {
    if (discrepancy(kernel, n, permutation(n, random), reference.length) >= observed) atLeast++
  }
  return { discrepancy: observed, pValue: atLeast / (permutations + 1) }
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

/** With the first `m` of the order on one side. */
function discrepancy (kernel: Float64Array, n: number, order: Uint32Array, m: number): number {
  const sums = { first: 0, second: 0, across: 0 }
  for (let a = 0; a < n; a++) {
    const row = (order[a] as number) * n
    for (let b = a + 1; b < n; b++) {
      const value = kernel[row + (order[b] as number)] as number
      if (b < m) sums.first += value
      else if (a >= m) sums.second += value
      else sums.across += value
    }
  }
  const rest = n - m
  return 2 * sums.first / (m * (m - 1)) + 2 * sums.second / (rest * (rest - 1)) - 2 * sums.across / (m * rest)
}

function squaredDistance (a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2
  return sum
}
