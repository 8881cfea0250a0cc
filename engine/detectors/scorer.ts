/** Scores pictures by a bundle graph, one at a time, as a line does. */
import type { RawImage } from '../frame/image-codec.ts'
import { openSession } from '../runtime/onnx-runtime.ts'
import type { GraphSession } from '../runtime/onnx-runtime.ts'
import { imageTensor } from './picture-features.ts'

export class Scorer {
  readonly #session: GraphSession
  readonly #milliseconds: number[] = []

  private constructor (session: GraphSession) {
    this.#session = session
  }

  static async open (model: Uint8Array, threads: number): Promise<Scorer> {
    return new Scorer(await openSession(model, { threads }))
  }

  async score (image: RawImage): Promise<number> {
    return (await this.run(image)).score
  }

  async run (image: RawImage): Promise<{ score: number, map: Float32Array, height: number, width: number }> {
    const start = performance.now()
    const { score, map } = await this.#session.run({ image: imageTensor(image) })
    this.#milliseconds.push(performance.now() - start)
    return { score: (score?.data as Float32Array)[0] as number, map: map?.data as Float32Array, height: map?.dims[1] ?? 0, width: map?.dims[2] ?? 0 }
  }

  /** By the median of what was scored; the first, which warms up, is left out where there are others. */
  get imagesPerSecond (): number | null {
    const times = this.#milliseconds.slice(this.#milliseconds.length > 1 ? 1 : 0).sort((a, b) => a - b)
    const median = times[Math.floor(times.length / 2)]
    return median === undefined ? null : 1000 / median
  }

  async close (): Promise<void> {
    await this.#session.close()
  }
}
