/** Runs a graph that takes `image` over pictures. */
import type { RawImage } from '../frame/image-codec.ts'
import type { GraphSession, Tensor } from '../runtime/onnx-runtime.ts'
import type { GoodImage } from './detector.ts'
import type { FitWork } from './fit-work.ts'

/** `features` of each picture in turn; the session is closed at the end. */
export async function eachPicture (session: GraphSession, images: readonly GoodImage[], stage: string, work: FitWork, use: (features: Float32Array) => void | Promise<void>): Promise<void> {
  await eachAnswer(session, images, stage, work, ({ features }) => use(features?.data as Float32Array))
}

/** All outputs for each picture in turn; the session is closed at the end. */
export async function eachAnswer (session: GraphSession, images: readonly GoodImage[], stage: string, work: FitWork, use: (outputs: Record<string, Tensor>) => void | Promise<void>): Promise<void> {
  try {
    for (const [index, image] of images.entries()) {
      await work.step(stage, index, images.length)
      await use(await session.run({ image: imageTensor(await work.pool.read(image)) }))
    }
  } finally {
    await session.close()
  }
}

/** A picture as the graphs take it, `(1, H, W, C)`. */
export function imageTensor ({ data, width, height, channels }: RawImage): { type: 'uint8', dims: number[], data: Uint8Array } {
  return { type: 'uint8', dims: [1, height, width, channels], data }
}
