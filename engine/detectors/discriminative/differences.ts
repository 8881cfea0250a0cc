/**
 * What the head sees instead of the features themselves: how each differs from the nearest one that good parts are known to have (as MemSeg,
 * Yang et al. 2023, § 3.2, lets a memory say what is normal). Products, exposures and places go out; what is left is the deviation.
 */
import type { GraphBuilder } from '../../graph/builder.ts'
import type { Value } from '../../graph/graph.ts'

/** Entries of d numbers, row-major. */
export interface KnownFeatures {
  entries: Float32Array
  width: number
}

/** Added to distances before their logarithm. */
const leastDistance = 1e-2

/** Channels of the differences: one per feature, and the distance. */
export function differenceChannels (width: number): number {
  return width + 1
}

/** From features `(N, d, grid, grid)` to `(N, d + 1, grid, grid)`: the sizes of the differences, then the logarithm of their norm. */
export function addDifferences (builder: GraphBuilder, features: Value, { entries, width }: KnownFeatures, grid: number): Value {
  const count = entries.length / width
  const rows = builder.node('Transpose', [builder.node('Reshape', [features, builder.whole(0, width, grid * grid)])], { perm: [0, 2, 1] })
  // The nearest entry has the largest 2 a·b - |b|².
  const nearness = builder.node('Sub', [
    builder.node('MatMul', [rows, builder.constant(columns(entries, width, count), [width, count], 'entries')]),
    builder.constant(squares(entries, width, count), [count], 'squares')
  ])
  const nearest = builder.node('ArgMax', [nearness], { axis: 2, keepdims: 0 })
  const known = builder.node('Gather', [builder.constant(entries, [count, width], 'known'), nearest], { axis: 0 })
  const sizes = builder.node('Abs', [builder.node('Sub', [rows, known])])
  const norm = builder.node('ReduceL2', [sizes, builder.whole(2)], { keepdims: 1 })
  const logarithm = builder.node('Log', [builder.node('Add', [norm, builder.scalar(leastDistance)])])
  const differences = builder.node('Transpose', [builder.node('Concat', [sizes, logarithm], { axis: 2 })], { perm: [0, 2, 1] })
  return builder.node('Reshape', [differences, builder.whole(0, differenceChannels(width), grid, grid)])
}

/** `2 b` as columns, `(d, M)`. */
function columns (entries: Float32Array, width: number, count: number): Float32Array {
  return Float32Array.from({ length: entries.length }, (_, index) => 2 * (entries[index % count * width + Math.floor(index / count)] as number))
}

function squares (entries: Float32Array, width: number, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, entry) => entries.subarray(entry * width, (entry + 1) * width).reduce((sum, value) => sum + value * value, 0))
}
