/** A detector's map `(h, w)` float32, higher is less like the good parts. Passed by reference in messages, as frames are. */
export class AnomalyMap {
  readonly height: number
  readonly width: number
  readonly #values: Float32Array

  constructor (values: Float32Array, height: number, width: number) {
    if (values.length !== height * width) throw new RangeError(`Expected ${height}x${width} values, got ${values.length}`)
    this.#values = values
    this.height = height
    this.width = width
  }

  get [Symbol.toStringTag] (): string {
    return 'GoodpartsAnomalyMap'
  }

  /** Row-major, read only. */
  values (): Float32Array {
    return this.#values
  }

  toJSON (): { height: number, width: number } {
    return { height: this.height, width: this.width }
  }
}
