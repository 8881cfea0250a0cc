/** Pictures as a few hundred numbers each: features of a frozen network, averaged over the four quarters. */
import { efficientNetLite0 } from '../../backbones/backbone.ts'
import { encodeModel } from '../../graph/encode.ts'
import { openSession } from '../../runtime/onnx-runtime.ts'
import type { GraphSession } from '../../runtime/onnx-runtime.ts'
import { toRawImage } from '../../training/augment/float-image.ts'
import type { FloatImage } from '../../training/augment/float-image.ts'
import { buildFeatureGraph, featureGeometry } from '../backbone-features/feature-graph.ts'
import type { FeatureOptions } from '../backbone-features/feature-graph.ts'
import { imageTensor } from '../picture-features.ts'

/** Pictures are looked at in multiples of it; larger than the other they take longer than they are worth. */
const stride = 32
const largest = 128

export class PictureRows {
  readonly #session: GraphSession
  readonly #grid: number
  readonly #channels: number

  private constructor (session: GraphSession, { grid, channels }: { grid: number, channels: number }) {
    this.#session = session
    this.#grid = grid
    this.#channels = channels
  }

  /** @param size Edge of the pictures. */
  static async open (size: number, threads: number): Promise<PictureRows> {
    const fitting = Math.min(largest, Math.max(2, Math.ceil(size / stride)) * stride)
    const options: FeatureOptions = { backbone: efficientNetLite0, layers: 'three', size: fitting, normalisation: 'backbone' }
    return new PictureRows(await openSession(encodeModel(buildFeatureGraph(options)), { threads }), featureGeometry(options))
  }

  async row (image: FloatImage): Promise<Float32Array> {
    const { features } = await this.#session.run({ image: imageTensor(toRawImage(image)) })
    const data = features?.data as Float32Array
    const [grid, channels] = [this.#grid, this.#channels]
    const half = grid / 2
    const row = new Float32Array(4 * channels)
    for (let position = 0; position < grid * grid; position++) {
      const quarter = 2 * Math.floor(Math.floor(position / grid) / half) + Math.floor(position % grid / half)
      for (let channel = 0; channel < channels; channel++) {
        const at = quarter * channels + channel
        row[at] = (row[at] as number) + (data[position * channels + channel] as number) / (half * half)
      }
    }
    return row
  }

  async close (): Promise<void> {
    await this.#session.close()
  }
}
