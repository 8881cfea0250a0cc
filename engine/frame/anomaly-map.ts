import { quantiseMap, type QuantisedMap } from './quantised-map.ts'

/** A detector's map `(h, w)` float32, higher is less like the good parts. Passed by reference in messages, as frames are. */
export class AnomalyMap {
  readonly height: number
  readonly width: number
  readonly #values: Float32Array
  #quantised: QuantisedMap | undefined

  /** `quantised` by whoever made the map, away from the main thread. */
  constructor (values: Float32Array, height: number, width: number, quantised?: QuantisedMap) {
    if (values.length !== height * width) throw new RangeError(`Expected ${height}x${width} values, got ${values.length}`)
    this.#values = values
    this.height = height
    this.width = width
    this.#quantised = quantised
  }

  get [Symbol.toStringTag] (): string {
    return 'GoodpartsAnomalyMap'
  }

  /** Row-major, read only. */
  values (): Float32Array {
    return this.#values
  }

  /** As pages get it; made now, and once, where nobody has made it before. */
  quantised (): QuantisedMap {
    this.#quantised ??= quantiseMap({ values: this.#values, height: this.height, width: this.width })
    return this.#quantised
  }

  toJSON (): { height: number, width: number } {
    return { height: this.height, width: this.width }
  }
}
