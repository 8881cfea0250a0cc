/**
 * A family's graph inside another that shows it tiles: slices of the picture, with everything hidden that is not looked at, go through it as one
 * batch; their maps are stitched and the highest of their scores is the picture's. One self-contained graph, like any other.
 */
import { GraphBuilder } from '../../graph/builder.ts'
import { wireNumber } from '../../graph/element-types.ts'
import type { Graph, Value } from '../../graph/graph.ts'
import { regionMask } from '../../tiling/regions.ts'
import type { LookedAt } from '../../tiling/looked-at.ts'
import { stitchingWeights } from '../../tiling/stitching.ts'
import { stepsPerPicture, tilePlaces } from '../../tiling/tile-layout.ts'
import type { TileAxis, TileLayout } from '../../tiling/tile-layout.ts'

/** Positions of the stitched map along an edge; more would only be carried about. */
const mostPositions = 640
/** Points of a map's cell along each edge: it counts where any of them is looked at. */
const samples = 4

/**
 * @param inner `image` uint8 `(N, H, W, C)` to `score` `(N)` and `map` `(N, h, w)`; other outputs are kept where there is one tile.
 * @param cells Of its map.
 */
export function buildTiledGraph (inner: Graph, cells: { height: number, width: number }, looked: LookedAt): Graph {
  const { layout, tiles } = looked
  const builder = new GraphBuilder(`${inner.name} of tiles`)
  const picture = builder.input('image', 'uint8', ['N', 'H', 'W', 'C'])
  const edges = builder.node('Shape', [picture], { start: 1, end: 3 })
  const shown = looked.mask === null ? picture : addHidden(builder, picture, edges, looked.mask, looked.fill)
  const { score = '', map = '', ...others } = builder.include(inner, 'tile', { image: addTiles(builder, shown, edges, layout, tiles) })
  // (tiles, N): the tiles of one place stand together.
  builder.output('score', builder.node('ReduceMax', [builder.node('Reshape', [score, builder.whole(tiles.length, -1)]), builder.whole(0)], { keepdims: 0 }), 'float32', ['N'])
  const size = { height: positions(layout.rows, cells.height), width: positions(layout.columns, cells.width) }
  const stitched = addStitched(builder, addAllTiles(builder, map, looked, cells), layout, cells, size)
  const mask = Float32Array.from(regionMask(looked.regions, size.width, size.height, samples))
  const masked = mask.includes(0) ? builder.node('Mul', [stitched, builder.constant(mask, [1, size.height, size.width], 'regions')]) : stitched
  builder.output('map', masked, 'float32', ['N', size.height, size.width])
  if (tiles.length === 1) {
    for (const info of inner.outputs) if (others[info.name] !== undefined) builder.output(info.name, others[info.name] as Value, info.type ?? 'float32', info.shape ?? [])
  }
  return builder.build()
}

function positions ({ length }: TileAxis, cells: number): number {
  return Math.max(1, Math.min(mostPositions, Math.round(cells / length)))
}

/** The mask is laid on the picture at the picture's own resolution. */
function addHidden (builder: GraphBuilder, picture: Value, edges: Value, { width, height, inside }: NonNullable<LookedAt['mask']>, fill: readonly number[]): Value {
  const shape = builder.node('Concat', [builder.whole(1), edges, builder.whole(1)], { axis: 0 })
  const mask = builder.node('Resize', [builder.constant(inside, [1, height, width, 1], 'inside'), '', '', shape], {
    mode: 'nearest', coordinate_transformation_mode: 'half_pixel', nearest_mode: 'round_prefer_floor'
  })
  const isInside = builder.node('Cast', [mask], { to: wireNumber('bool') })
  return builder.node('Where', [isInside, picture, builder.constant(Uint8Array.from(fill), [1, 1, 1, fill.length], 'fill')])
}

/** `(tiles · N, h, w, C)`: all tiles have the same size in pixels, whatever the picture's. */
function addTiles (builder: GraphBuilder, picture: Value, edges: Value, layout: TileLayout, tiles: readonly number[]): Value {
  const { columns, rows } = layout
  const steps = (...shares: number[]): Value => {
    const numbers = builder.constant(BigInt64Array.from(shares, (share) => BigInt(Math.round(share * stepsPerPicture))), [shares.length / 2, 2], 'shares')
    const rounded = builder.node('Add', [builder.node('Mul', [numbers, edges]), builder.whole(stepsPerPicture / 2)])
    return builder.node('Div', [rounded, builder.whole(stepsPerPicture)])
  }
  const places = tilePlaces(layout)
  const starts = tiles.flatMap((tile) => {
    const { row, column } = places[tile] as typeof places[0]
    return [rows.starts[row] as number, columns.starts[column] as number]
  })
  const lengths = builder.node('Max', [steps(rows.length, columns.length), builder.whole(1)])
  const from = builder.node('Min', [steps(...starts), builder.node('Sub', [edges, lengths])])
  const to = builder.node('Add', [from, lengths])
  const at = (list: Value, index: number): Value => builder.node('Gather', [list, builder.constant(BigInt64Array.of(BigInt(index)), [], 'tile')], { axis: 0 })
  const slices = tiles.map((_, index) => builder.node('Slice', [picture, at(from, index), at(to, index), builder.whole(1, 2)]))
  return slices.length === 1 ? slices[0] as Value : builder.node('Concat', slices, { axis: 0 })
}

/** `(rows, columns, N, h, w)`. In place of tiles that are not looked at stands another: what they show is hidden in the end. */
function addAllTiles (builder: GraphBuilder, map: Value, { layout, tiles }: LookedAt, { height, width }: { height: number, width: number }): Value {
  const [rows, columns] = [layout.rows.starts.length, layout.columns.starts.length]
  if (tiles.length === rows * columns) return builder.node('Reshape', [map, builder.whole(rows, columns, -1, height, width)])
  const each = builder.node('Reshape', [map, builder.whole(tiles.length, -1, height, width)])
  const order = Array.from({ length: rows * columns }, (_, tile) => Math.max(0, tiles.indexOf(tile)))
  return builder.node('Reshape', [builder.node('Gather', [each, builder.whole(...order)], { axis: 0 }), builder.whole(rows, columns, -1, height, width)])
}

/** `(N, size.height, size.width)`. The weights have a third dimension, to go over the batch. */
function addStitched (builder: GraphBuilder, maps: Value, { rows, columns }: TileLayout, cells: { height: number, width: number }, size: { height: number, width: number }): Value {
  const [tall, wide] = [rows.starts.length * cells.height, columns.starts.length * cells.width]
  const flat = builder.node('Reshape', [builder.node('Transpose', [maps], { perm: [2, 0, 3, 1, 4] }), builder.whole(-1, tall, wide)])
  const down = builder.constant(stitchingWeights(rows, cells.height, size.height), [1, size.height, tall], 'rows')
  const across = builder.constant(transposed(stitchingWeights(columns, cells.width, size.width), size.width), [1, wide, size.width], 'columns')
  return builder.node('MatMul', [builder.node('MatMul', [down, flat]), across])
}

function transposed (matrix: Float32Array, rows: number): Float32Array {
  const columns = matrix.length / rows
  return Float32Array.from({ length: matrix.length }, (_, index) => matrix[index % rows * columns + Math.floor(index / rows)] as number)
}
