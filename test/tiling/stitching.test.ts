import { describe, expect, it } from 'vitest'
import { stitchingWeights } from '../../engine/tiling/stitching.ts'
import { automaticCount, tileLayout, tilePixels } from '../../engine/tiling/tile-layout.ts'
import type { TileAxis } from '../../engine/tiling/tile-layout.ts'
import { wholePicture } from '../../engine/tiling/regions.ts'

const axis = (count: number, overlap: number): TileAxis => tileLayout({ columns: count, rows: 1 }, overlap, wholePicture).columns

/** The stitched map of tiles that each show `value` of the place in the picture. */
function stitched (tiles: TileAxis, cells: number, size: number, value: (place: number, tile: number) => number): number[] {
  const weights = stitchingWeights(tiles, cells, size)
  const shown = tiles.starts.flatMap((start, tile) => Array.from({ length: cells }, (_, cell) => value(start + (cell + 0.5) / cells * tiles.length, tile)))
  return Array.from({ length: size }, (_, position) => shown.reduce((sum, item, index) => sum + item * (weights[position * shown.length + index] as number), 0))
}

describe('tiles along an axis', () => {
  it('cover it with the overlap asked for', () => {
    for (const [count, overlap] of [[1, 0.25], [3, 0.25], [4, 0], [5, 0.5]] as const) {
      const { starts, length } = axis(count, overlap)
      expect(starts[0]).toBe(0)
      expect(starts.at(-1)! + length).toBeCloseTo(1)
      starts.slice(1).forEach((start, index) => { expect(starts[index]! + length - start).toBeCloseTo(overlap * length) })
    }
  })

  it('have one size in pixels and stay in the picture, however small it is', () => {
    const tiles = axis(3, 0.25)
    for (const pixels of [1, 2, 7, 64, 333, 2000]) {
      const cut = tiles.starts.map((_, index) => tilePixels(tiles, index, pixels))
      expect(new Set(cut.map(({ length }) => length)).size).toBe(1)
      for (const { start, length } of cut) {
        expect(start).toBeGreaterThanOrEqual(0)
        expect(start + length).toBeLessThanOrEqual(pixels)
      }
      if (pixels > 7) expect(cut.at(-1)!.start + cut.at(-1)!.length).toBe(pixels)
    }
  })

  it('are as many as show the picture nearly as it is', () => {
    expect(automaticCount(500, 512, 0.25, 8)).toBe(1)
    expect(automaticCount(2000, 512, 0.25, 8)).toBe(4)
    expect(automaticCount(100_000, 512, 0.25, 8)).toBe(8)
  })
})

describe('stitched maps', () => {
  it.each([[1, 0.25, 16, 16], [3, 0.25, 16, 40], [4, 0.1, 12, 44], [2, 0.5, 8, 12], [3, 0, 10, 30], [6, 0.25, 128, 200]] as const)('of %i tiles, overlapping by %f, show the same where all show the same', (count, overlap, cells, size) => {
    for (const value of stitched(axis(count, overlap), cells, size, () => 7)) expect(value).toBeCloseTo(7, 5)
  })

  it.each([[3, 0.25, 16, 40], [4, 0.1, 12, 44], [2, 0.5, 8, 12]] as const)('of %i tiles, overlapping by %f, show a ramp as a ramp', (count, overlap, cells, size) => {
    const tiles = axis(count, overlap)
    const margin = Math.ceil(size * tiles.length / cells / 2)
    const found = stitched(tiles, cells, size, (place) => place)
    // At the picture's edge there is nothing beyond the outermost cells to go on by.
    for (let position = margin; position < size - margin; position++) expect(Math.abs(found[position]! - (position + 0.5) / size)).toBeLessThan(0.3 / size)
  })

  it('pass from one tile to the next without a step', () => {
    const tiles = axis(3, 0.25)
    const size = 400
    const found = stitched(tiles, 160, size, (_, tile) => tile)
    const overlapPositions = 0.25 * tiles.length * size
    const steepest = Math.max(...found.slice(1).map((value, index) => Math.abs(value - found[index]!)))
    expect(found[0]).toBeCloseTo(0)
    expect(found.at(-1)).toBeCloseTo(2)
    // A squared sine is π / 2 times as steep as a straight way over.
    expect(steepest).toBeLessThan(1.1 * Math.PI / 2 / overlapPositions)
  })

  it('take in every cell where they have fewer positions than the tiles', () => {
    const tiles = axis(4, 0.25)
    const weights = stitchingWeights(tiles, 64, 50)
    const columns = 4 * 64
    for (let cell = 8; cell < columns - 8; cell++) {
      const taken = Array.from({ length: 50 }, (_, position) => weights[position * columns + cell]!).reduce((sum, value) => sum + value, 0)
      // Cells at an inner edge of their tile are left to the tile that sees them better.
      if (cell % 64 > 12 && cell % 64 < 52) expect(taken).toBeGreaterThan(0.05)
    }
  })
})
