/**
 * The bundle graph of a patch memory (PatchCore, Roth et al. 2022, § 3.3): bytes in, `score` and `map` out.
 */
import { GoodpartsError } from '../../errors.ts'
import { GraphBuilder } from '../../graph/builder.ts'
import type { Graph, Value } from '../../graph/graph.ts'
import { addProjectedFeatures, featureGeometry, negatedProduct } from '../backbone-features/feature-graph.ts'
import type { FeatureOptions, Projection } from '../backbone-features/feature-graph.ts'
import { addSmoothing } from '../backbone-features/smoothing.ts'
import { neighbourTable } from './neighbour-table.ts'
import { addMeanDistance, bankColumns } from './nearest-neighbour.ts'
import type { Bank } from './nearest-neighbour.ts'

/** Of distances in the projected space, whose deviations are near 1. */
const leastMedian = 1e-3

export interface ScoringOptions extends FeatureOptions {
  projection: Projection
  /** Entries in the projected space, `(f - mean) · matrix`, row-major `(M, d)`. */
  bank: Float32Array
  /** Entries nearest to a position whose mean distance is its own; default 1. */
  k?: number
  /** b of the reweighting, the nearest entry itself included; 1 leaves the largest distance as it is. */
  reweightNeighbours: number
  /** Standard deviation of the map's Gaussian smoothing in pixels of the resized picture; 0 for none. */
  mapSigma: number
  /** Whether distances are in units of the picture's own median distance: a part that looks unfamiliar all over, as in another light, is no defect. */
  relative?: boolean
}

/**
 * `image` uint8 `(N, H, W, C)` to `score` float32 `(N)` and `map` float32 `(N, grid, grid)`: distances in the projected space, the map
 * smoothed, the score taken before the smoothing.
 * @throws GOODPARTS_ARGUMENT when sizes do not fit each other.
 */
export function buildScoringGraph (options: ScoringOptions): Graph {
  const { grid, channels } = featureGeometry(options)
  const width = options.projection.matrix.length / channels
  const count = options.bank.length / width
  checkShapes(options, channels, width, count)

  const centre = centreOf(options.bank, width)
  const bank: Bank = { width, entries: options.bank.map((value, index) => value - (centre[index % width] as number)) }
  const shift = negatedProduct(options.projection, width).map((value, column) => value - (centre[column] as number))

  const builder = new GraphBuilder('patch-memory')
  const map = addProjectedFeatures(builder, options, withZeroColumn(options.projection.matrix, width), Float32Array.of(...shift, 1))
  const features = builder.node('Transpose', [builder.node('Reshape', [map, builder.whole(0, width + 1, grid * grid)])], { perm: [0, 2, 1] })
  const absolute = addMeanDistance(builder, features, bank, options.k ?? 1)
  const distances = options.relative === true ? addRelative(builder, absolute, grid * grid) : absolute
  const score = addScore(builder, features, distances, bank, Math.min(options.reweightNeighbours, count))
  const anomalyMap = addSmoothing(builder, builder.node('Reshape', [distances, builder.whole(0, 1, grid, grid)]), options.mapSigma * grid / options.size)
  builder.output('score', score, 'float32', ['N'])
  builder.output('map', builder.node('Squeeze', [anomalyMap, builder.whole(1)]), 'float32', ['N', grid, grid])
  return builder.build()
}

/** Over the median of the picture's `positions` distances. A picture whose patches are all in the bank has a median of nothing. */
function addRelative (builder: GraphBuilder, distances: Value, positions: number): Value {
  const half = Math.ceil(positions / 2)
  const [upper] = builder.nodes('TopK', [distances, builder.whole(half)], 2, { attributes: { axis: 1 } })
  const median = builder.node('Slice', [upper as Value, builder.whole(half - 1), builder.whole(half), builder.whole(1)])
  return builder.node('Div', [distances, builder.node('Max', [median, builder.scalar(leastMedian)])])
}

/**
 * With m* the position farthest from the bank and s* its distance, `s = (1 - softmax_b(d(m*, ·))[nearest]) s*` over the b entries
 * nearest to m*'s nearest entry, that one included.
 */
function addScore (builder: GraphBuilder, features: Value, distances: Value, bank: Bank, neighbours: number): Value {
  const largest = builder.node('ReduceMax', [distances, builder.whole(1)], { keepdims: 0 })
  if (neighbours < 2) return largest
  const width = bank.width + 1
  const count = bank.entries.length / bank.width
  const farthest = builder.node('ArgMax', [distances], { axis: 1, keepdims: 1 })
  const index = builder.node('Expand', [builder.node('Unsqueeze', [farthest, builder.whole(2)]), builder.whole(1, 1, width)])
  const feature = builder.node('Squeeze', [builder.node('GatherElements', [features, index], { axis: 1 }), builder.whole(1)])
  // (N, M): |b|² - 2 a·b, which orders the entries as their distances do.
  const products = builder.node('MatMul', [feature, builder.constant(bankColumns(bank, 0, count), [width, count], 'bank')])
  const nearest = builder.node('ArgMin', [products], { axis: 1, keepdims: 0 })
  const table = builder.constant(neighbourTable(bank, neighbours), [count, neighbours], 'neighbours')
  const around = builder.node('Gather', [table, nearest], { axis: 0 })
  const squares = builder.node('Sub', [builder.node('ReduceSumSquare', [feature, builder.whole(1)], { keepdims: 1 }), builder.scalar(1)])
  const near = builder.node('Add', [builder.node('GatherElements', [products, around], { axis: 1 }), squares])
  const softmax = builder.node('Softmax', [builder.node('Sqrt', [builder.node('Relu', [near])])], { axis: 1 })
  const first = builder.node('Squeeze', [builder.node('Slice', [softmax, builder.whole(0), builder.whole(1), builder.whole(1)]), builder.whole(1)])
  return builder.node('Mul', [largest, builder.node('Sub', [builder.scalar(1), first])])
}

/** Small distances survive float32 only when the numbers themselves are small: the bank's mean becomes the origin. */
function centreOf (bank: Float32Array, width: number): Float64Array {
  const centre = new Float64Array(width)
  bank.forEach((value, index) => { centre[index % width] = (centre[index % width] as number) + value })
  return centre.map((sum) => sum * width / bank.length)
}

function withZeroColumn (matrix: Float32Array, width: number): Float32Array {
  const rows = matrix.length / width
  const wider = new Float32Array(rows * (width + 1))
  for (let row = 0; row < rows; row++) wider.set(matrix.subarray(row * width, (row + 1) * width), row * (width + 1))
  return wider
}

function checkShapes (options: ScoringOptions, channels: number, width: number, count: number): void {
  if (!Number.isInteger(width) || width < 1 || options.projection.mean.length !== channels) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected a projection of ${channels} features, got a mean of ${options.projection.mean.length} and a matrix of ${options.projection.matrix.length} numbers`)
  }
  if (!Number.isInteger(count) || count < 1) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected a bank of entries of ${width} numbers, got ${options.bank.length} numbers`)
  }
  if (options.k !== undefined && (!Number.isInteger(options.k) || options.k < 1)) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected k to be a whole number of at least 1, got ${options.k}`)
  if (!Number.isInteger(options.reweightNeighbours) || options.reweightNeighbours < 1) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected reweightNeighbours to be a whole number of at least 1, got ${options.reweightNeighbours}`)
  }
  if (!(options.mapSigma >= 0)) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected mapSigma to be 0 or more, got ${options.mapSigma}`)
}
