/** Mean and deviation of the pictures that lie over each template. */
import type { TemplateGeometry } from './geometry.ts'

/** Pictures that the deviation of all variants together counts for in that of one: a template of a single picture has none of its own. */
const priorPictures = 4

export class VariantMoments {
  readonly #before: Uint8Array
  readonly #geometry: TemplateGeometry
  readonly #sums: Float32Array
  readonly #squares: Float32Array
  /** `(K, h, w)`. */
  readonly #counts: Float32Array
  readonly #pictures: number[]

  /** @param before uint8 `(K, C, h, w)`: what stays where no picture reaches; moments are taken about it. */
  constructor (before: Uint8Array, geometry: TemplateGeometry) {
    const { height, width, channels } = geometry
    this.#before = before
    this.#geometry = geometry
    this.#sums = new Float32Array(before.length)
    this.#squares = new Float32Array(before.length)
    this.#counts = new Float32Array(before.length / channels)
    this.#pictures = Array.from({ length: before.length / (channels * height * width) }, () => 0)
  }

  /** @param aligned `(C, h, w)`. @param valid `(h, w)`: 0 or 1. */
  add (aligned: Float32Array, valid: Float32Array, variant: number): void {
    const offset = variant * aligned.length
    this.#pictures[variant] = (this.#pictures[variant] ?? 0) + 1
    for (let pixel = 0; pixel < valid.length; pixel++) this.#counts[variant * valid.length + pixel] = (this.#counts[variant * valid.length + pixel] as number) + (valid[pixel] as number)
    for (let index = 0; index < aligned.length; index++) {
      if (valid[index % valid.length] === 0) continue
      const value = (aligned[index] as number) - (this.#before[offset + index] as number)
      this.#sums[offset + index] = (this.#sums[offset + index] as number) + value
      this.#squares[offset + index] = (this.#squares[offset + index] as number) + value * value
    }
  }

  /** uint8 `(K', C, h, w)` of the variants that some picture looks like. */
  means (): Uint8Array {
    return Uint8Array.from(this.#ofUsed((index, count) => Math.min(255, Math.max(0, Math.round((this.#before[index] as number) + (count > 0 ? (this.#sums[index] as number) / count : 0))))))
  }

  /** float32 `(K', C, h, w)`. */
  deviations (): Float32Array {
    const shared = this.#sharedVariance()
    return this.#ofUsed((index, count) => Math.sqrt((this.#scatter(index, count) + priorPictures * (shared[index % shared.length] as number)) / (count + priorPictures)))
  }

  /** `(C, h, w)`: within the variants, all together. */
  #sharedVariance (): Float32Array {
    const size = this.#size
    const variance = new Float32Array(size)
    for (let place = 0; place < size; place++) {
      let [scatter, freedom] = [0, 0]
      for (let variant = 0; variant < this.#pictures.length; variant++) {
        const count = this.#countAt(variant * size + place)
        scatter += this.#scatter(variant * size + place, count)
        freedom += Math.max(0, count - 1)
      }
      variance[place] = freedom > 0 ? scatter / freedom : 0
    }
    return variance
  }

  #scatter (index: number, count: number): number {
    return count > 0 ? Math.max(0, (this.#squares[index] as number) - (this.#sums[index] as number) ** 2 / count) : 0
  }

  #countAt (index: number): number {
    const { height, width, channels } = this.#geometry
    const plane = height * width
    return this.#counts[Math.floor(index / (channels * plane)) * plane + index % plane] as number
  }

  #ofUsed (value: (index: number, count: number) => number): Float32Array {
    const size = this.#size
    const used = [...this.#pictures.keys()].filter((variant) => (this.#pictures[variant] ?? 0) > 0)
    const result = new Float32Array(used.length * size)
    used.forEach((variant, place) => {
      for (let index = 0; index < size; index++) result[place * size + index] = value(variant * size + index, this.#countAt(variant * size + index))
    })
    return result
  }

  get #size (): number {
    const { height, width, channels } = this.#geometry
    return height * width * channels
  }
}
