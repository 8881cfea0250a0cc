/** The two halves of what stands before the head, apart, so that features can be spoilt in between. */
import { encodeModel } from '../../graph/encode.ts'
import { GraphBuilder } from '../../graph/builder.ts'
import { openSession } from '../../runtime/onnx-runtime.ts'
import type { GraphSession } from '../../runtime/onnx-runtime.ts'
import { toRawImage } from '../../training/augment/float-image.ts'
import type { FloatImage } from '../../training/augment/float-image.ts'
import { addProjectedFeatures, featureGeometry, negatedProduct } from '../backbone-features/feature-graph.ts'
import type { FeatureOptions, Projection } from '../backbone-features/feature-graph.ts'
import { imageTensor } from '../picture-features.ts'
import { addDifferences, differenceChannels } from './differences.ts'
import type { KnownFeatures } from './differences.ts'

export interface MapOptions {
  features: FeatureOptions
  projection: Projection
  known: KnownFeatures
}

export class FeatureMaps {
  readonly #features: GraphSession
  readonly #differences: GraphSession
  readonly #dims: readonly number[]

  private constructor (features: GraphSession, differences: GraphSession, dims: readonly number[]) {
    this.#features = features
    this.#differences = differences
    this.#dims = dims
  }

  static async open ({ features, projection, known }: MapOptions, threads: number): Promise<FeatureMaps> {
    const { grid } = featureGeometry(features)
    const { width } = known
    const first = new GraphBuilder('feature maps')
    first.output('features', addProjectedFeatures(first, features, projection.matrix, negatedProduct(projection, width)), 'float32', ['N', width, grid, grid])
    const second = new GraphBuilder('differences')
    const input = second.input('features', 'float32', ['N', width, grid, grid])
    second.output('differences', addDifferences(second, input, known, grid), 'float32', ['N', differenceChannels(width), grid, grid])
    return new FeatureMaps(await openSession(encodeModel(first.build()), { threads }), await openSession(encodeModel(second.build()), { threads }), [1, width, grid, grid])
  }

  /** `(d, grid, grid)`. */
  async features (image: FloatImage): Promise<Float32Array> {
    const { features } = await this.#features.run({ image: imageTensor(toRawImage(image)) })
    return features?.data as Float32Array
  }

  /** `(d + 1, grid, grid)`. */
  async differences (features: Float32Array): Promise<Float32Array> {
    const { differences } = await this.#differences.run({ features: { type: 'float32', dims: this.#dims, data: features } })
    return differences?.data as Float32Array
  }

  async close (): Promise<void> {
    await this.#features.close()
    await this.#differences.close()
  }
}
