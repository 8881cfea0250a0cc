/**
 * Maps of tiles laid together to the map of the picture. Positions, interpolation and the blending of overlaps are separable and linear, so all of
 * it is one matrix for each axis: `rows · tiles · columnsᵀ`. Pure.
 */
import type { TileAxis } from './tile-layout.ts'

/**
 * `(size, tiles · cells)` row-major, each row summing to one: what each position of the picture's map takes from the cells of each tile. Within
 * a tile cells are interpolated linearly; where tiles overlap, the weight of each rises from its edge to its middle as a squared sine, so that it
 * comes and goes without a step.
 * @param size Positions of the whole picture's map along the axis. @param cells Of one tile's map.
 */
export function stitchingWeights ({ starts, length }: TileAxis, cells: number, size: number): Float32Array {
  const width = starts.length * cells
  const weights = new Float32Array(size * width)
  // Where the map has fewer positions than the tiles have cells, each takes in all that lie under it.
  const reach = Math.max(1, cells / (length * size))
  for (let position = 0; position < size; position++) {
    const place = (position + 0.5) / size
    const row = new Float64Array(width)
    starts.forEach((start, tile) => {
      const share = tileWeight(starts, length, tile, place)
      if (share === 0) return
      const centre = Math.min(cells - 1, Math.max(0, (place - start) / length * cells - 0.5))
      const taken = tent(centre, reach, cells)
      const sum = taken.reduce((total, { weight }) => total + weight, 0)
      for (const { cell, weight } of taken) row[tile * cells + cell] = share * weight / sum
    })
    const total = row.reduce((sum, value) => sum + value, 0)
    row.forEach((value, index) => { weights[position * width + index] = value / total })
  }
  return weights
}

/** Beyond the first and the last tile they go on; between tiles each counts within itself alone. */
function tileWeight (starts: readonly number[], length: number, tile: number, place: number): number {
  const start = starts[tile] as number
  const [before, after] = [starts[tile - 1], starts[tile + 1]]
  const left = before === undefined ? 1 : rise(place - start, before + length - start)
  const right = after === undefined ? 1 : rise(start + length - place, start + length - after)
  return left * right
}

/** From 0 at an edge to 1 at the other end of the overlap; without overlap, a step at its edge. */
function rise (inward: number, overlap: number): number {
  if (inward < 0) return 0
  if (overlap <= 1e-9 || inward >= overlap) return 1
  return Math.sin(Math.PI / 2 * inward / overlap) ** 2
}

function tent (centre: number, reach: number, cells: number): Array<{ cell: number, weight: number }> {
  const found: Array<{ cell: number, weight: number }> = []
  for (let cell = Math.max(0, Math.ceil(centre - reach)); cell <= Math.min(cells - 1, Math.floor(centre + reach)); cell++) {
    const weight = 1 - Math.abs(cell - centre) / reach
    if (weight > 0) found.push({ cell, weight })
  }
  return found
}
