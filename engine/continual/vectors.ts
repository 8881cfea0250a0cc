/** Arithmetic on feature vectors. Sums are taken in double precision, so that results do not depend on the order of a buffer's float32 sums. */

/** `a · b`. */
export function dot (a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

export function squaredDistance (a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    sum += difference * difference
  }
  return sum
}

/** Of length 1; a vector of zeros stays one. */
export function unit (vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector))
  return length === 0 ? vector.slice() : vector.map((value) => value / length)
}

/** `Σ w_i v_i / Σ w_i`; equal weights when none are given. */
export function meanVector (vectors: readonly Float32Array[], weights?: readonly number[]): Float32Array {
  const sum = new Float64Array(vectors[0]?.length ?? 0)
  let total = 0
  vectors.forEach((vector, row) => {
    const weight = weights?.[row] ?? 1
    total += weight
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + weight * (vector[i] as number)
  })
  return Float32Array.from(sum, (value) => value / total)
}

/** Indices of `values`, lowest value first; equal values in their own order. */
export function ascending (values: ArrayLike<number>): number[] {
  return Array.from({ length: values.length }, (_, index) => index).sort((a, b) => (values[a] as number) - (values[b] as number))
}

/** `log Σ exp(v_i)`; -Infinity of none. */
export function logSumExp (values: ArrayLike<number>): number {
  let largest = -Infinity
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, values[i] as number)
  if (largest === -Infinity) return largest
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += Math.exp((values[i] as number) - largest)
  return largest + Math.log(sum)
}
