/** One feature vector per picture: mean and maximum of each middle layer of a frozen backbone, side by side. */
import { layerSet, loadBackbone } from '../backbones/backbone.ts'
import type { Backbone } from '../backbones/backbone.ts'
import { addImageInput } from '../detectors/backbone-features/image-input.ts'
import { imageTensor } from '../detectors/picture-features.ts'
import type { RawImage } from '../frame/image-codec.ts'
import { GraphBuilder } from '../graph/builder.ts'
import { encodeModel } from '../graph/encode.ts'
import type { Graph, Value } from '../graph/graph.ts'
import { openSession } from '../runtime/onnx-runtime.ts'
import type { GraphSession } from '../runtime/onnx-runtime.ts'

export interface EmbeddingOptions {
  backbone: Backbone
  /** Edge in pixels of the square that pictures are resized to. */
  size: number
}

/** Edge in pixels at which parts are embedded, on a line as in an update: memories hold such features. */
export const embeddingSize = 224

/** All layers that the backbone offers under one name, from fine to coarse. */
function widestLayers ({ layerSets }: Backbone): string {
  return Object.entries(layerSets).reduce((widest, entry) => entry[1].length > widest[1].length ? entry : widest)[0]
}

/** `image` uint8 `(N, H, W, C)` to `features` float32 `(N, 2 Σ channels)`. @throws GOODPARTS_GRAPH_INVALID. */
export function buildEmbeddingGraph ({ backbone, size }: EmbeddingOptions): Graph {
  const builder = new GraphBuilder('picture embedding')
  const layers = layerSet(backbone, widestLayers(backbone))
  const graph = loadBackbone(backbone, layers)
  const image = addImageInput(builder, backbone, size, 'backbone')
  const outputs = builder.include(graph, 'backbone', { [graph.inputs[0]?.name ?? '']: image })
  const pooled = layers.flatMap(({ tensor }) => ['GlobalAveragePool', 'GlobalMaxPool'].map((operator) => builder.node(operator, [outputs[tensor] as Value])))
  const width = 2 * layers.reduce((sum, { channels }) => sum + channels, 0)
  builder.output('features', builder.node('Flatten', [builder.node('Concat', pooled, { axis: 1 })], { axis: 1 }), 'float32', ['N', width])
  return builder.build()
}

export class PictureEmbedding {
  readonly #session: GraphSession

  private constructor (session: GraphSession) {
    this.#session = session
  }

  static async open (options: EmbeddingOptions, threads = 1): Promise<PictureEmbedding> {
    return new PictureEmbedding(await openSession(encodeModel(buildEmbeddingGraph(options)), { threads }))
  }

  /** Of one picture, of any size. */
  async of (image: RawImage): Promise<Float32Array> {
    const { features } = await this.#session.run({ image: imageTensor(image) })
    return Float32Array.from(features?.data as Float32Array)
  }

  async close (): Promise<void> {
    await this.#session.close()
  }
}
