/** Maps as pages get them. Loops over pixels: where a map is made in another thread or process, it is quantised there. */
import type { QuantisedMapHeader } from '../../schemas/live.ts'

export interface QuantisedMap extends QuantisedMapHeader {
  /** `(h, w)` uint8. */
  cells: Uint8Array
}

interface MapOfNumbers { values: Float32Array, height: number, width: number }

/** Longest edge of a map on the wire; a page shows no more. */
const LONGEST = 256

/**
 * 256 steps between the smallest and the largest finite value; what is not finite counts as the smallest. A map with a longer edge than 256 is
 * reduced by whole factors, each cell the maximum of those that it replaces, so that a peak stays a peak.
 */
export function quantiseMap (map: MapOfNumbers): QuantisedMap {
  const factor = Math.ceil(Math.max(map.height, map.width) / LONGEST)
  const height = Math.ceil(map.height / factor)
  const width = Math.ceil(map.width / factor)
  const values = factor === 1 ? map.values : reduce(map, factor, height, width)
  const { minimum, maximum } = range(values)
  const scale = maximum > minimum ? 255 / (maximum - minimum) : 0
  const cells = new Uint8Array(values.length)
  // Plain loops: some tenths of a millisecond for 256 x 256. NaN and infinity become 0.
  for (let i = 0; i < values.length; i++) cells[i] = ((values[i] as number) - minimum) * scale + 0.5
  return { height, width, minimum, maximum, cells }
}

function range (values: Float32Array): { minimum: number, maximum: number } {
  let minimum = Infinity
  let maximum = -Infinity
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    if (value < minimum && value !== -Infinity) minimum = value
    if (value > maximum && value !== Infinity) maximum = value
  }
  return minimum > maximum ? { minimum: 0, maximum: 0 } : { minimum, maximum }
}

function reduce (map: MapOfNumbers, factor: number, height: number, width: number): Float32Array {
  const reduced = new Float32Array(height * width).fill(-Infinity)
  for (let y = 0; y < map.height; y++) {
    const row = Math.floor(y / factor) * width
    for (let x = 0, cell = row, left = factor; x < map.width; x++) {
      const value = map.values[y * map.width + x] as number
      if (value > (reduced[cell] as number) && value !== Infinity) reduced[cell] = value
      if (--left === 0) {
        cell++
        left = factor
      }
    }
  }
  return reduced
}
