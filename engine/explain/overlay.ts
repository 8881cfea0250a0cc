/** A map over a frame. Loops over pixels: for worker threads, never for Node-RED's main thread. */
import { heatColours } from '../../schemas/heat-colours.ts'
import type { RawImage } from '../frame/image-codec.ts'
import { nowhere, rowPeaks, rowsAt, RowSampler, type MapValues, type Span } from './map-rows.ts'

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
  const tint = tintOf(range, opacity)
  const rows = new RowSampler(width, map.width)
  const isOneMap = outlined === map.values
  const marked = isOneMap ? map : { ...map, values: outlined }
  const peaks = rowPeaks(map)
  const markedPeaks = isOneMap ? peaks : rowPeaks(marked)
  let [above, reached] = [nothingReached(width), nothingReached(width)]
  for (let y = 0; y < height; y++) {
    const at = rowsAt(map, y, height)
    const isHigh = (peaks: Float32Array, limit: number): boolean => (peaks[at.upper] as number) >= limit || (peaks[at.lower] as number) >= limit
    // Most rows of most parts have nothing to show: they stay the frame's own.
    const isTinted = isHigh(peaks, range.from)
    const isMarked = isHigh(markedPeaks, outline)
    if (!isTinted && !isMarked && above.end === 0) continue
    const row = 3 * y * width
    let span = isTinted || (isMarked && isOneMap) ? rows.sample(map, at, isMarked && isOneMap ? Math.min(range.from, outline) : range.from) : nowhere
    if (isTinted) tintRow(data, row, rows.sampled, span, tint)
    if (!isMarked) span = nowhere
    else if (!isOneMap) span = rows.sample(marked, at, outline)
    reach(reached, rows.sampled, span, outline)
    outlineRow(data, row, reached, above, y === height - 1)
    ;[above, reached] = [reached, above]
  }
  return overlay
}

function inColour ({ data, width, height, channels }: RawImage): Uint8Array {
  if (channels === 3) return new Uint8Array(data.subarray(0, 3 * width * height))
  const colour = new Uint8Array(3 * width * height)
  for (let p = 0, q = 0; q < colour.length; p++, q += 3) colour[q] = colour[q + 1] = colour[q + 2] = data[p] as number
  return colour
}

/** What a pixel becomes, by how far its value is from `from` to the range's end, in 256 steps; shares in 65536ths, so that integers do. */
interface Tint {
  from: number
  /** Steps to one of the map's unit. */
  scale: number
  /** Of the pixel's own colour, `(256)`. */
  own: Int32Array
  /** What is added to that, and half of a colour's step with it: what is cut off is rounded so. `(256, 3)`. */
  heat: Int32Array
}

const WHOLE = 65536

function tintOf ({ from, to }: OverlayOptions['range'], opacity: number): Tint {
  const [own, heat] = [new Int32Array(256), new Int32Array(3 * 256)]
  for (let step = 0; step < 256; step++) {
    const weight = opacity * step / 255 * (2 - step / 255)
    own[step] = WHOLE * (1 - weight)
    for (let colour = 3 * step; colour < 3 * step + 3; colour++) heat[colour] = WHOLE * (weight * (heatColours[colour] as number) + 0.5)
  }
  return { from, scale: 255 / Math.max(to - from, Number.MIN_VALUE), own, heat }
}

/** One row of pixels, which begins at `row`. A value that is not a number has no colour. */
function tintRow (pixels: Uint8Array, row: number, values: Float32Array, { begin, end }: Span, { from, scale, own, heat }: Tint): void {
  for (let x = begin, p = row + 3 * begin; x < end; x++, p += 3) {
    const value = values[x] as number
    if (!(value > from)) continue
    const step = Math.min(255, (value - from) * scale + 0.5) | 0
    const share = own[step] as number
    pixels[p] = (share * (pixels[p] as number) + (heat[3 * step] as number)) >> 16
    pixels[p + 1] = (share * (pixels[p + 1] as number) + (heat[3 * step + 1] as number)) >> 16
    pixels[p + 2] = (share * (pixels[p + 2] as number) + (heat[3 * step + 2] as number)) >> 16
  }
}

/** Pixels of a row whose values reach the outline are 1; outside of the span all are 0. */
interface Reached extends Span {
  pixels: Uint8Array
}

function nothingReached (width: number): Reached {
  return { pixels: new Uint8Array(width), ...nowhere }
}

function reach (reached: Reached, values: Float32Array, { begin, end }: Span, outline: number): void {
  reached.pixels.fill(0, reached.begin, reached.end)
  for (let x = begin; x < end; x++) reached.pixels[x] = (values[x] as number) >= outline ? 1 : 0
  reached.begin = begin
  reached.end = end
}

/** White where one of two neighbours reaches the outline and the other does not; beyond the frame's edges nothing does. */
function outlineRow (data: Uint8Array, row: number, { pixels, begin, end }: Reached, above: Reached, isLast: boolean): void {
  const last = pixels.length - 1
  const [from, to] = end === 0 ? [above.begin, above.end] : above.end === 0 ? [begin, end] : [Math.min(begin, above.begin), Math.max(end, above.end)]
  let before = 0
  // One more: the neighbour of the last that reaches it.
  for (let x = from; x <= Math.min(to, last); x++) {
    const here = pixels[x] as number
    if (here !== before || here !== above.pixels[x] || (here === 1 && (isLast || x === last))) data[row + 3 * x] = data[row + 3 * x + 1] = data[row + 3 * x + 2] = 255
    before = here
  }
}
