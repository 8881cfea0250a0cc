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
  const marked = { ...map, values: outlined }
  const peaks = rowPeaks(map)
  const markedPeaks = outlined === map.values ? peaks : rowPeaks(marked)
  const row = new Float32Array(width)
  const markedRows = [new Float32Array(width), new Float32Array(width)] as const
  const nothing = new Float32Array(width).fill(-Infinity)
  let above: Float32Array | null = null
  for (let y = 0; y < height; y++) {
    const at = rowsAt(map, (y + 0.5) * map.height / height - 0.5)
    const reach = (peaks: Float32Array, limit: number): boolean => (peaks[at.upper] as number) >= limit || (peaks[at.lower] as number) >= limit
    // Most rows of most parts have nothing to show: they stay the frame's own.
    const isTinted = reach(peaks, range.from)
    const isMarked = reach(markedPeaks, outline)
    const pixels = data.subarray(3 * y * width, 3 * (y + 1) * width)
    if (isTinted) tintRow(pixels, sampleRow(map, at, columns, row), { from: range.from, scale, opacity })
    const marks = isMarked ? sampleRow(marked, at, columns, markedRows[y % 2 as 0 | 1]) : nothing
    if (isMarked || (above !== null && above !== nothing)) outlineRow(pixels, { marks, above, isEdge: y === 0 || y === height - 1 }, outline)
    above = marks
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

/** One row of pixels. A value that is not a number has no colour. */
function tintRow (pixels: Uint8Array, values: Float32Array, { from, scale, opacity }: { from: number, scale: number, opacity: number }): void {
  for (let x = 0, p = 0; x < values.length; x++, p += 3) {
    const value = values[x] as number
    if (!(value > from)) continue
    const heat = Math.min(1, (value - from) * scale)
    const weight = opacity * heat * (2 - heat)
    const rest = 1 - weight
    const colour = 3 * Math.trunc(255 * heat + 0.5)
    // Bytes are cut off: half a step more rounds them.
    pixels[p] = rest * (pixels[p] as number) + weight * (heatColours[colour] as number) + 0.5
    pixels[p + 1] = rest * (pixels[p + 1] as number) + weight * (heatColours[colour + 1] as number) + 0.5
    pixels[p + 2] = rest * (pixels[p + 2] as number) + weight * (heatColours[colour + 2] as number) + 0.5
  }
}

/** White where one of two neighbours reaches `outline` and the other does not. */
function outlineRow (pixels: Uint8Array, { marks, above, isEdge }: Outlining, outline: number): void {
  const last = marks.length - 1
  for (let x = 0, p = 0; x <= last; x++, p += 3) {
    const reaches = (marks[x] as number) >= outline
    if ((reaches && (isEdge || x === 0 || x === last)) || (x > 0 && ((marks[x - 1] as number) >= outline) !== reaches) || (above !== null && ((above[x] as number) >= outline) !== reaches)) {
      pixels[p] = pixels[p + 1] = pixels[p + 2] = 255
    }
  }
}

interface Sampling {
  /** Index of the left neighbour of each pixel and the weight of the right one. */
  left: Int32Array
  share: Float32Array
  /** Room for one row of the map, its last cell twice. */
  cells: Float64Array
}

function sampling (pixels: number, cells: number): Sampling {
  const left = new Int32Array(pixels)
  const share = new Float32Array(pixels)
  for (let x = 0; x < pixels; x++) {
    const position = Math.min(cells - 1, Math.max(0, (x + 0.5) * cells / pixels - 0.5))
    left[x] = Math.min(Math.floor(position), Math.max(0, cells - 2))
    share[x] = position - (left[x] as number)
  }
  return { left, share, cells: new Float64Array(cells + 1) }
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
function sampleRow ({ values, width }: MapValues, { upper, lower, weight }: RowsAt, { left, share, cells }: Sampling, sampled: Float32Array): Float32Array {
  const [first, second] = [upper * width, lower * width]
  // Down first, once for each cell, of which a map mostly has fewer than a frame has pixels.
  for (let cell = 0; cell < width; cell++) cells[cell] = (1 - weight) * (values[first + cell] as number) + weight * (values[second + cell] as number)
  cells[width] = cells[width - 1] as number
  for (let x = 0; x < sampled.length; x++) {
    const cell = left[x] as number
    const across = share[x] as number
    sampled[x] = (1 - across) * (cells[cell] as number) + across * (cells[cell + 1] as number)
  }
  return sampled
}
