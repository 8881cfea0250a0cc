/** Pictures for networks that are trained from nothing: one size, one number of channels, the same in training and in the bundle. */
import { GraphBuilder } from '../graph/builder.ts'
import { encodeModel } from '../graph/encode.ts'
import type { Value } from '../graph/graph.ts'
import { openSession } from '../runtime/onnx-runtime.ts'
import type { FloatImage } from '../training/augment/float-image.ts'
import { addResizedImage } from './backbone-features/image-input.ts'
import type { GoodImage } from './detector.ts'
import type { FitWork } from './fit-work.ts'
import { imageTensor } from './picture-features.ts'

export interface PictureGeometry {
  /** Edge in pixels of the square that pictures are resized to. */
  size: number
  channels: 1 | 3
}

/** What networks see is `(grey level - mean) / deviation`: about -1 … 1. */
export const greyLevels = { mean: 127.5, deviation: 127.5 } as const

/** Adds the input `image` uint8 `(N, H, W, C)` of any geometry and gives float32 `(N, channels, size, size)` on 0 … 255. */
export function addPictureInput (builder: GraphBuilder, { size, channels }: PictureGeometry): Value {
  const resized = addResizedImage(builder, size)
  // One channel becomes three by broadcasting, and three stay; any number becomes one by its mean.
  return channels === 3
    ? builder.node('Mul', [resized, builder.constant(Float32Array.of(1, 1, 1), [1, 3, 1, 1], 'channels')])
    : builder.node('ReduceMean', [resized, builder.whole(1)], { keepdims: 1 })
}

/** As networks see it. */
export function addNormalised (builder: GraphBuilder, picture: Value): Value {
  const centred = builder.node('Sub', [picture, builder.scalar(greyLevels.mean)])
  return builder.node('Mul', [centred, builder.scalar(1 / greyLevels.deviation)])
}

/**
 * Every picture as `addPictureInput` gives it, in the order of `images`; decoding is done by sharp's threads, ahead of what is resized.
 * @throws GOODPARTS_IMAGE_DECODE naming the picture, GOODPARTS_FIT_CANCELLED.
 */
export async function loadPictures (images: readonly GoodImage[], geometry: PictureGeometry, work: FitWork): Promise<FloatImage[]> {
  const { size, channels } = geometry
  const builder = new GraphBuilder('pictures')
  const rows = builder.node('Transpose', [addPictureInput(builder, geometry)], { perm: [0, 2, 3, 1] })
  builder.output('pixels', rows, 'float32', ['N', size, size, channels])
  const session = await openSession(encodeModel(builder.build()), { threads: work.threads })
  const pictures: FloatImage[] = []
  try {
    for (const [index, image] of images.entries()) {
      await work.step('pictures', index, images.length)
      const { pixels } = await session.run({ image: imageTensor(await work.pool.read(image)) })
      pictures.push({ data: pixels?.data as Float32Array, width: size, height: size, channels })
    }
    return pictures
  } finally {
    await session.close()
  }
}
