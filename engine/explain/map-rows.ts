/** A map between its cells, row by row of the frame that it covers, and only where a row shows something. */

/** A map `(height, width)` that covers the whole frame. */
export interface MapValues {
  values: Float32Array
  height: number
  width: number
}

/** Pixels of a row, from `begin` to before `end`. */
export interface Span {
  begin: number
  end: number
}

export const nowhere: Span = { begin: 0, end: 0 }

/** The rows of the map that a row of pixels lies between. */
export interface RowsAt {
  upper: number
  lower: number
  /** Of the lower one. */
  weight: number
}

/** The two rows around row `y` of a frame of `height` rows. */
export function rowsAt (map: MapValues, y: number, height: number): RowsAt {
  const position = Math.min(map.height - 1, Math.max(0, (y + 0.5) * map.height / height - 0.5))
  const upper = Math.min(Math.floor(position), Math.max(0, map.height - 2))
  return { upper, lower: Math.min(upper + 1, map.height - 1), weight: position - upper }
}

/** The highest value of each row; a row of values that are not numbers has none. */
export function rowPeaks ({ values, height, width }: MapValues): Float32Array {
  const peaks = new Float32Array(height).fill(-Infinity)
  for (let y = 0; y < height; y++) {
    let peak = -Infinity
    for (let cell = y * width; cell < (y + 1) * width; cell++) if ((values[cell] as number) > peak) peak = values[cell] as number
    peaks[y] = peak
  }
  return peaks
}

/** Of rows of `pixels` over a map of `cells` columns. */
export class RowSampler {
  /** Index of the left neighbour of each pixel and the weight of the right one. */
  readonly #left: Int32Array
  readonly #share: Float32Array
  /** Of each cell, the first pixel whose left neighbour it or a later one is; behind the last, the number of pixels. */
  readonly #first: Int32Array
  /** One row of the map, its last cell twice. */
  readonly #cells: Float64Array
  /** Of the row that was sampled last, inside its span. */
  readonly sampled: Float32Array

  constructor (pixels: number, cells: number) {
    this.#left = new Int32Array(pixels)
    this.#share = new Float32Array(pixels)
    this.#first = new Int32Array(cells + 1).fill(pixels)
    for (let x = pixels - 1; x >= 0; x--) {
      const position = Math.min(cells - 1, Math.max(0, (x + 0.5) * cells / pixels - 0.5))
      const left = Math.min(Math.floor(position), Math.max(0, cells - 2))
      this.#left[x] = left
      this.#share[x] = position - left
      this.#first[left] = x
    }
    for (let cell = cells - 1; cell >= 0; cell--) this.#first[cell] = Math.min(this.#first[cell] as number, this.#first[cell + 1] as number)
    this.#cells = new Float64Array(cells + 1)
    this.sampled = new Float32Array(pixels)
  }

  /** Bilinear. @returns the pixels outside of which no value reaches `limit`; those inside are in `sampled` */
  sample ({ values, width }: MapValues, { upper, lower, weight }: RowsAt, limit: number): Span {
    const [cells, left, share, sampled] = [this.#cells, this.#left, this.#share, this.sampled]
    const [above, below] = [upper * width, lower * width]
    let [lowest, highest] = [width, -1]
    // Down first, once for each cell, of which a map mostly has fewer than a frame has pixels.
    for (let cell = 0; cell < width; cell++) {
      const value = (1 - weight) * (values[above + cell] as number) + weight * (values[below + cell] as number)
      cells[cell] = value
      if (!(value >= limit)) continue
      if (highest < 0) lowest = cell
      highest = cell
    }
    if (highest < 0) return nowhere
    cells[width] = cells[width - 1] as number
    const [begin, end] = [this.#first[Math.max(0, lowest - 1)] as number, this.#first[highest + 1] as number]
    for (let x = begin; x < end; x++) {
      const cell = left[x] as number
      const across = share[x] as number
      sampled[x] = (1 - across) * (cells[cell] as number) + across * (cells[cell + 1] as number)
    }
    return { begin, end }
  }
}
