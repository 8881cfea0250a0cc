/** What a tiled detector looks at, resolved: where its tiles lie, which of them, and what is hidden in them. */
import { boundingBox, isInside, isOneBox, regionMask } from './regions.ts'
import type { Region } from './regions.ts'
import { countsOf, tileLayout, tilePlaces } from './tile-layout.ts'
import type { TileLayout } from './tile-layout.ts'

export interface Tiling {
  /** Columns and rows, `3x2`; `1x1`: the picture as a whole. */
  tiles: string
  /** Of a tile's edge, shared with its neighbour. */
  overlap: number
  /** What is looked at; none: everything. */
  regions: Region[]
}

export interface LookedAt {
  layout: TileLayout
  /** Tiles with something to look at, by their number row by row. */
  tiles: number[]
  regions: readonly Region[]
  /** Of the whole picture: 1 where it is looked at. `null` where tiles show nothing else. */
  mask: { width: number, height: number, inside: Uint8Array } | null
  /** Grey level of each channel that stands where a picture is hidden. */
  fill: readonly number[]
}

/** Of the mask's longer edge. */
const mostMaskPixels = 1024
/** Points of a tile along each edge at which is asked whether there is anything to look at. */
const probes = 64

/** @param input Geometry of the pictures. */
export function lookedAt ({ tiles, overlap, regions }: Tiling, input: { width: number, height: number, channels: number }): LookedAt {
  const layout = tileLayout(countsOf(tiles), overlap, boundingBox(regions))
  const shrink = Math.min(1, mostMaskPixels / Math.max(input.width, input.height))
  const [width, height] = [Math.max(1, Math.round(shrink * input.width)), Math.max(1, Math.round(shrink * input.height))]
  return {
    layout,
    tiles: [...tilePlaces(layout).entries()].filter(([, { row, column }]) => shows(regions, layout, row, column)).map(([tile]) => tile),
    regions,
    mask: isOneBox(regions) ? null : { width, height, inside: regionMask(regions, width, height) },
    fill: Array.from({ length: input.channels }, () => 128)
  }
}

function shows (regions: readonly Region[], { columns, rows }: TileLayout, row: number, column: number): boolean {
  const [left, top] = [columns.starts[column] as number, rows.starts[row] as number]
  const places = Array.from({ length: probes }, (_, index) => (index + 0.5) / probes)
  return places.some((y) => places.some((x) => isInside(regions, left + x * columns.length, top + y * rows.length)))
}

/** Index into a mask's edge for a pixel of the picture's edge: the nearest, as the graph's Resize has it. */
export function maskPlace (pixel: number, pixels: number, maskPixels: number): number {
  return Math.min(maskPixels - 1, Math.max(0, Math.ceil((pixel + 0.5) * maskPixels / pixels - 1)))
}
