/** Where tiles lie: along each axis equal lengths that overlap and cover a stretch of the picture. Pure. */
import type { Box } from './regions.ts'

/** Along one axis, in shares of the picture. */
export interface TileAxis {
  starts: number[]
  length: number
}

export interface TileLayout {
  columns: TileAxis
  rows: TileAxis
}

export function tileLayout ({ columns, rows }: { columns: number, rows: number }, overlap: number, [x, y, width, height]: Box): TileLayout {
  return { columns: tileAxis(columns, overlap, x, width), rows: tileAxis(rows, overlap, y, height) }
}

function tileAxis (count: number, overlap: number, start: number, whole: number): TileAxis {
  const length = whole / (1 + (count - 1) * (1 - overlap))
  return { starts: Array.from({ length: count }, (_, index) => start + index * length * (1 - overlap)), length }
}

/** Tiles are taken no more than this coarser than their pixels. */
const mostReduced = 1.25

/** Tiles along a stretch of so many pixels, each seen by a detector of this input edge. */
export function automaticCount (pixels: number, edge: number, overlap: number, most: number): number {
  const needed = 1 + (pixels / (mostReduced * edge) - 1) / (1 - overlap)
  return Math.min(most, Math.max(1, Math.ceil(needed)))
}

/** Row by row. Which row and column a tile stands in. */
export function tilePlaces ({ columns, rows }: TileLayout): Array<{ row: number, column: number }> {
  return rows.starts.flatMap((_, row) => columns.starts.map((_, column) => ({ row, column })))
}

/** Shares in whole steps, so that the graph and the fit cut at the same pixel. */
export const stepsPerPicture = 65_536

/** Pixels of the tile `index`: the graph's own arithmetic, in whole numbers. */
export function tilePixels ({ starts, length }: TileAxis, index: number, pixels: number): { start: number, length: number } {
  const inPixels = (share: number): number => Math.floor((Math.round(share * stepsPerPicture) * pixels + stepsPerPicture / 2) / stepsPerPicture)
  const size = Math.max(1, inPixels(length))
  return { start: Math.min(inPixels(starts[index] as number), pixels - size), length: size }
}

/** Of `3x2`. */
export function countsOf (tiles: string): { columns: number, rows: number } {
  const [columns = 1, rows = 1] = tiles.split('x').map(Number)
  return { columns, rows }
}
