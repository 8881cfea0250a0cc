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
  /** What the outline goes by, nowhere above the map's own values, which are the default. */
  outlined?: Float32Array
}

/** `(H, W, 3)`: the frame in grey or colour, tinted where the map rises above `range.from`, with a white line around what reaches `outline`, closed along the frame's edges. */
export function overlayMap (frame: RawImage, map: MapValues, { range, outline, opacity, outlined = map.values }: OverlayOptions): RawImage {
  const { width, height } = frame
  const data = inColour(frame)
  const overlay: RawImage = { data, width, height, channels: 3 }
  if (opacity <= 0) return overlay
  const scale = 1 / Math.max(range.to - range.from, Number.MIN_VALUE)
  const columns = sampling(width, map.width)
  const peaks = rowPeaks(map)
  const shown = Math.min(range.from, outline)
  const twoRows = (): [Float32Array, Float32Array] => [new Float32Array(width), new Float32Array(width)]
  const rows = twoRows()
  const own = outlined === map.values
  const outlinedRows = own ? rows : twoRows()
  const nothing = new Float32Array(width).fill(-Infinity)
  let above: Float32Array | null = null
  for (let y = 0; y < height; y++) {
    const at = rowsAt(map, (y + 0.5) * map.height / height - 0.5)
    // Most rows of most parts have nothing to show: they stay the frame's own.
    const shows = (peaks[at.upper] as number) >= shown || (peaks[at.lower] as number) >= shown
    if (shows || (above !== null && above !== nothing)) {
      const parity = y % 2 as 0 | 1
      const values = sampleRow(map, at, columns, rows[parity])
      const marks = own ? values : sampleRow({ ...map, values: outlined }, at, columns, outlinedRows[parity])
      paintRow(data.subarray(3 * y * width, 3 * (y + 1) * width), values, { marks, above, isEdge: y === 0 || y === height - 1 }, { from: range.from, scale, outline, opacity })
      above = shows ? marks : nothing
    } else {
      above = nothing
    }
  }
  return overlay
}

/** The highest value of each row; a row of values that are not numbers has none. */
function rowPeaks ({ values, height, width }: MapValues): Float32Array {
  const peaks = new Float32Array(height).fill(-Infinity)
  for (let y = 0; y < height; y++) {
    let peak = -Infinity
    for (let cell = y * width; cell < (y + 1) * width; cell++) if ((values[cell] as number) > peak) peak = values[cell] as number
    peaks[y] = peak
  }
  return peaks
}

function inColour ({ data, width, height, channels }: RawImage): Uint8Array {
  if (channels === 3) return new Uint8Array(data.subarray(0, 3 * width * height))
  const colour = new Uint8Array(3 * width * height)
  for (let p = 0, q = 0; p < width * height; p++, q += 3) colour[q] = colour[q + 1] = colour[q + 2] = data[p] as number
  return colour
}

/** What the outline of a row goes by. */
interface Outlining {
  marks: Float32Array
  /** Those of the row before, `null` in the first. */
  above: Float32Array | null
  isEdge: boolean
}

/** One row of pixels. */
function paintRow (pixels: Uint8Array, values: Float32Array, { marks, above, isEdge }: Outlining, { from, scale, outline, opacity }: { from: number, scale: number, outline: number, opacity: number }): void {
  const last = values.length - 1
  for (let x = 0, p = 0; x <= last; x++, p += 3) {
    const value = values[x] as number
    const reaches = (marks[x] as number) >= outline
    if ((reaches && (isEdge || x === 0 || x === last)) || (x > 0 && ((marks[x - 1] as number) >= outline) !== reaches) || (above !== null && ((above[x] as number) >= outline) !== reaches)) {
      pixels[p] = pixels[p + 1] = pixels[p + 2] = 255
    } else if (value > from) {
      // A value that is not a number has no colour.
      const heat = Math.min(1, (value - from) * scale)
      const weight = opacity * heat * (2 - heat)
      const colour = 3 * Math.round(255 * heat)
      for (let c = 0; c < 3; c++) pixels[p + c] = Math.round((1 - weight) * (pixels[p + c] as number) + weight * (heatColours[colour + c] as number))
    }
  }
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

interface RowsAt {
  upper: number
  lower: number
  /** Of the lower one. */
  weight: number
}

/** The rows of the map that a place between them, in rows, lies between. */
function rowsAt (map: MapValues, place: number): RowsAt {
  const position = Math.min(map.height - 1, Math.max(0, place))
  const upper = Math.min(Math.floor(position), Math.max(0, map.height - 2))
  return { upper, lower: Math.min(upper + 1, map.height - 1), weight: position - upper }
}

/** Fills `sampled` with one row of the map between its cells (bilinear), one value for each pixel. */
function sampleRow ({ values, width }: MapValues, { upper, lower, weight }: RowsAt, { left, share }: Sampling, sampled: Float32Array): Float32Array {
  const [first, second] = [upper * width, lower * width]
  const last = width - 1
  for (let x = 0; x < sampled.length; x++) {
    const cell = left[x] as number
    const across = share[x] as number
    const next = cell < last ? cell + 1 : last
    const above = (1 - across) * (values[first + cell] as number) + across * (values[first + next] as number)
    const below = (1 - across) * (values[second + cell] as number) + across * (values[second + next] as number)
    sampled[x] = (1 - weight) * above + weight * below
  }
  return sampled
}
