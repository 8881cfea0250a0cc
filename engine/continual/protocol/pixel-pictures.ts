/** Pictures as their own features: the pixels of a small grey square. */
import { resizeImage, type RawImage } from '../../frame/image-codec.ts'
import type { EmbeddedPicture, LabelledPicture } from './embedded-pictures.ts'

/** Weights of red, green and blue in luma (ITU-R BT.601). */
const luma = [0.299, 0.587, 0.114] as const

/** Features `(edge, edge)`, row-major, -1 (black) to 1 (white). @throws GOODPARTS_IMAGE_DECODE, and what the signal was aborted with. */
export async function pixelPictures (pictures: readonly LabelledPicture[], edge: number, progress: (done: number, total: number) => void, signal: AbortSignal): Promise<EmbeddedPicture[]> {
  const seen: EmbeddedPicture[] = []
  for (const { read, ...picture } of pictures) {
    signal.throwIfAborted()
    progress(seen.length, pictures.length)
    const image = await read()
    seen.push({ ...picture, features: greyLevels(image.width === edge && image.height === edge ? image : await resizeImage(image, edge, edge)) })
  }
  return seen
}

function greyLevels ({ data, channels }: RawImage): Float32Array {
  if (channels === 1) return Float32Array.from(data, (value) => value / 127.5 - 1)
  return Float32Array.from({ length: data.length / channels }, (_, pixel) => luma.reduce((sum, weight, channel) => sum + weight * (data[pixel * channels + channel] as number), 0) / 127.5 - 1)
}
