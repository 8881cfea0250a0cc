/** What the layers of a tiled model say of its tiles, laid together to what a layer that saw the whole picture would say: as the model lays its maps together. Pure. */
import type { BundleMetadata } from '../../../schemas/bundle.ts'
import { areRegions, regionMask, type Region } from '../../tiling/regions.ts'
import { lookedAt, type LookedAt } from '../../tiling/looked-at.ts'
import { stitchingWeights } from '../../tiling/stitching.ts'
import type { TileAxis } from '../../tiling/tile-layout.ts'

export interface Cells {
  height: number
  width: number
}

/** Cells of a stitched layer along an edge; more would only be carried about. */
const mostCells = 320
/** Points of a cell along each edge: it counts where any of them is looked at. */
const samples = 4

export class LayerStitching {
  readonly #looked: LookedAt

  private constructor (looked: LookedAt) {
    this.#looked = looked
  }

  /** `null` for a model that sees whole pictures. */
  static of (metadata: BundleMetadata | null): LayerStitching | null {
    if (metadata === null) return null
    const { tiles = '1x1', overlap = 0, regions = [] } = metadata.options
    if (typeof tiles !== 'string' || typeof overlap !== 'number' || !areRegions(regions)) return null
    const looked = { tiles, overlap, regions: regions as unknown as Region[] }
    return tiles === '1x1' && looked.regions.length === 0 ? null : new LayerStitching(lookedAt(looked, metadata.input))
  }

  /** Edges at which the model sees the picture's own pixels, when it sees a tile at `size`. */
  pictureOf (size: Cells): Cells {
    const { rows, columns } = this.#looked.layout
    return { height: Math.round(size.height / rows.length), width: Math.round(size.width / columns.length) }
  }

  /** Of the whole picture's layer, where a tile's has `cells`. */
  sizeOf (cells: Cells): Cells {
    const { height, width } = this.pictureOf(cells)
    return { height: Math.max(1, Math.min(mostCells, height)), width: Math.max(1, Math.min(mostCells, width)) }
  }

  /** From `(tiles, C, h, w)`, the tiles that the model looks at, to `(C, H, W)` of `sizeOf`. What is not looked at is 0. */
  stitch (values: Float32Array, channels: number, cells: Cells): Float32Array {
    const { layout, tiles, regions } = this.#looked
    const { height, width } = this.sizeOf(cells)
    const [down, across] = [taken(layout.rows, cells.height, height), taken(layout.columns, cells.width, width)]
    const places = new Map(tiles.map((tile, index) => [tile, index]))
    const looked = regionMask(regions, width, height, samples)
    const area = cells.height * cells.width
    const stitched = new Float32Array(channels * height * width)
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (looked[y * width + x] === 0) continue
        for (const row of down[y] ?? []) {
          for (const column of across[x] ?? []) {
            const index = places.get(row.tile * layout.columns.starts.length + column.tile)
            if (index === undefined) continue
            const weight = row.weight * column.weight
            let from = index * channels * area + row.cell * cells.width + column.cell
            for (let to = y * width + x; to < stitched.length; to += height * width, from += area) {
              stitched[to] = (stitched[to] as number) + weight * (values[from] as number)
            }
          }
        }
      }
    }
    return stitched
  }
}

/** What each position takes along one axis, and with what weight. */
function taken (axis: TileAxis, cells: number, size: number): Array<Array<{ tile: number, cell: number, weight: number }>> {
  const weights = stitchingWeights(axis, cells, size)
  const stride = axis.starts.length * cells
  return Array.from({ length: size }, (_, position) => Array.from(weights.subarray(position * stride, (position + 1) * stride), (weight, index) => ({ tile: Math.floor(index / cells), cell: index % cells, weight })).filter(({ weight }) => weight !== 0))
}
