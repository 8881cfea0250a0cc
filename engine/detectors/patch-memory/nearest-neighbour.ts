/**
 * Euclidean distances to the memory bank inside a graph, by `|a - b|² = |a|² + (|b|² - 2 a·b)`: the bracket is one matrix product when
 * a one stands beside every feature, and its smallest value over the bank is found block by block, so that a block of products
 * stays in the processor's cache and the whole table of distances never exists.
 */
import type { GraphBuilder } from '../../graph/builder.ts'
import type { Value } from '../../graph/graph.ts'

/** M entries of d numbers, row-major. */
export interface Bank {
  entries: Float32Array
  width: number
}

/** Products kept at a time for one picture: a block of this many fits in the second-level cache of common processors. */
const productsPerBlock = 65536

/** `(M, d + 1)`: each row `-2 b`, then `|b|²`. */
export function bankRows ({ entries, width }: Bank): Float32Array {
  const count = entries.length / width
  const rows = new Float32Array(count * (width + 1))
  for (let row = 0; row < count; row++) {
    let squared = 0
    for (let column = 0; column < width; column++) {
      const value = entries[row * width + column] as number
      rows[row * (width + 1) + column] = -2 * value
      squared += value * value
    }
    rows[row * (width + 1) + width] = squared
  }
  return rows
}

/**
 * Squared distance of every feature to its nearest entry.
 * @param features `(N, d + 1, P)`, the last channel being one.
 * @returns `(N, 1, P)`, never negative.
 */
export function addNearestSquared (builder: GraphBuilder, features: Value, bank: Bank, positions: number): Value {
  const rows = bankRows(bank)
  const width = bank.width + 1
  const count = bank.entries.length / bank.width
  const perBlock = Math.max(16, Math.ceil(productsPerBlock / positions))
  const axis = builder.whole(1)
  const minima: Value[] = []
  for (let first = 0; first < count; first += perBlock) {
    const last = Math.min(count, first + perBlock)
    const block = builder.constant(rows.slice(first * width, last * width), [last - first, width], 'bank')
    minima.push(builder.node('ReduceMin', [builder.node('MatMul', [block, features]), axis], { keepdims: 1 }))
  }
  const nearest = minima.length === 1 ? minima[0] as Value : builder.node('Min', minima)
  // The one beside the features adds one to the sum of squares.
  const squares = builder.node('Sub', [builder.node('ReduceSumSquare', [features, axis], { keepdims: 1 }), builder.scalar(1)])
  return builder.node('Relu', [builder.node('Add', [squares, nearest])])
}
