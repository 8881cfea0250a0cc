/** A map over a frame. Loops over pixels: for worker threads, never for Node-RED's main thread. */
import { heatColours } from '../../schemas/heat-colours.ts'
import type { RawImage } from '../frame/image-codec.ts'

/** A map `(height, width)` that covers the whole frame. */
export interface MapValues {
  values: Float32Array
  height: number
  width: number
}

export interface OverlayOptions {
  /** The values of the map that get the first and the last colour. */
  range: { from: number, to: number }
  /** Values from here on are outlined. */
  outline: number
  /** 0 = frame only, 1 = colour only where the map is at its highest. */
  opacity: number
}

/** `(H, W, 3)`: the frame in grey or colour, tinted where the map rises above `range.from`, with a white line around what reaches `outline`. */
export function overlayMap (frame: RawImage, map: MapValues, { range, outline, opacity }: OverlayOptions): RawImage {
  const { width, height, channels } = frame
  const data = new Uint8Array(width * height * 3)
  const scale = 1 / Math.max(range.to - range.from, Number.MIN_VALUE)
  const columns = sampling(width, map.width)
  let before: Float32Array | undefined
  for (let y = 0; y < height; y++) {
    const values = sampleRow(map, (y + 0.5) * map.height / height - 0.5, columns)
    for (let x = 0; x < width; x++) {
      const p = y * width + x
      const value = values[x] as number
      if (opacity > 0 && (crosses(value, x > 0 ? values[x - 1] : undefined, outline) || crosses(value, before?.[x], outline))) {
        data.fill(255, 3 * p, 3 * p + 3)
        continue
      }
      // A value that is not a number has no colour.
      const heat = value > range.from ? Math.min(1, (value - range.from) * scale) : 0
      const weight = opacity * heat * (2 - heat)
      const colour = 3 * Math.round(255 * heat)
      for (let c = 0; c < 3; c++) {
        const own = frame.data[channels === 1 ? p : 3 * p + c] as number
        data[3 * p + c] = weight === 0 ? own : Math.round((1 - weight) * own + weight * (heatColours[colour + c] as number))
      }
    }
    before = values
  }
  return { data, width, height, channels: 3 }
}

function crosses (value: number, neighbour: number | undefined, limit: number): boolean {
  return neighbour !== undefined && (value >= limit) !== (neighbour >= limit)
}

interface Sampling {
  /** Index of the left neighbour of each pixel and the weight of the right one. */
  left: Int32Array
  share: Float32Array
}

function sampling (pixels: number, cells: number): Sampling {
  const left = new Int32Array(pixels)
  const share = new Float32Array(pixels)
  for (let x = 0; x < pixels; x++) {
    const position = Math.min(cells - 1, Math.max(0, (x + 0.5) * cells / pixels - 0.5))
    left[x] = Math.min(Math.floor(position), Math.max(0, cells - 2))
    share[x] = position - (left[x] as number)
  }
  return { left, share }
}

/** One row of the map between its cells (bilinear), one value for each pixel. */
function sampleRow (map: MapValues, row: number, { left, share }: Sampling): Float32Array {
  const position = Math.min(map.height - 1, Math.max(0, row))
  const top = Math.min(Math.floor(position), Math.max(0, map.height - 2))
  const below = position - top
  const [first, second] = [top * map.width, Math.min(top + 1, map.height - 1) * map.width]
  const { values } = map
  const last = map.width - 1
  const sampled = new Float32Array(left.length)
  for (let x = 0; x < sampled.length; x++) {
    const [cell, across] = [left[x] as number, share[x] as number]
    const next = cell < last ? cell + 1 : last
    const upper = (1 - across) * (values[first + cell] as number) + across * (values[first + next] as number)
    const lower = (1 - across) * (values[second + cell] as number) + across * (values[second + next] as number)
    sampled[x] = (1 - below) * upper + below * lower
  }
  return sampled
}
