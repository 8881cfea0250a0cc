/** Activations of pictures before the last block of a frozen backbone: what heads that train that block keep and replay. */
import { loadBackbone } from '../backbones/backbone.ts'
import { addImageInput } from '../detectors/backbone-features/image-input.ts'
import { imageTensor } from '../detectors/picture-features.ts'
import type { RawImage } from '../frame/image-codec.ts'
import { GraphBuilder } from '../graph/builder.ts'
import { encodeModel } from '../graph/encode.ts'
import { openSession, type GraphSession } from '../runtime/onnx-runtime.ts'
import { cutBefore, lastLayer, type Latent } from './learners/tail-graph.ts'
import type { EmbeddingOptions } from './picture-embedding.ts'

export class PictureLatents {
  readonly #session: GraphSession

  private constructor (session: GraphSession) {
    this.#session = session
  }

  /** @throws GOODPARTS_GRAPH_INVALID where the backbone ends in no residual block */
  static async open ({ backbone, size }: EmbeddingOptions, threads = 1): Promise<PictureLatents> {
    const layer = lastLayer(backbone)
    const tensor = cutBefore(loadBackbone(backbone, [layer]), layer)
    const front = loadBackbone(backbone, [{ ...layer, tensor }])
    const builder = new GraphBuilder('picture latents')
    const image = addImageInput(builder, backbone, size, 'backbone')
    const outputs = builder.include(front, 'backbone', { [front.inputs[0]?.name ?? '']: image })
    builder.output('latent', outputs[tensor] ?? '', 'float32', ['N', layer.channels, 'H', 'W'])
    return new PictureLatents(await openSession(encodeModel(builder.build()), { threads }))
  }

  /** Of one picture, of any size. */
  async of (image: RawImage): Promise<Latent> {
    const { latent } = await this.#session.run({ image: imageTensor(image) })
    const [, channels = 0, height = 0, width = 0] = latent?.dims ?? []
    return { data: Float32Array.from(latent?.data as Float32Array), channels, height, width }
  }

  async close (): Promise<void> {
    await this.#session.close()
  }
}
