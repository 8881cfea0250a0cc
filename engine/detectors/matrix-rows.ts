/** Rows of row-major matrices. */

/** The rows named, in their order: `(n, width)` of `values` `(N, width)`. */
export function rowsOf (values: Float32Array, width: number, indices: Uint32Array): Float32Array {
  const rows = new Float32Array(indices.length * width)
  indices.forEach((index, row) => { rows.set(values.subarray(index * width, (index + 1) * width), row * width) })
  return rows
}

/** One after the other. */
export function joined (parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let offset = 0
  for (const part of parts) {
    all.set(part, offset)
    offset += part.length
  }
  return all
}
