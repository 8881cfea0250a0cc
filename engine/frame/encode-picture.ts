/** Frames and pictures as JPEG or PNG. */
import { decodeImage, encodeJpeg, encodePng } from './image-codec.ts'
import type { EncodedImage } from './encoded-image.ts'
import type { Frame } from './frame.ts'

export interface Encoding {
  format: 'jpeg' | 'png'
  /** Of JPEG, 1 to 100. */
  quality: number
}

/** @throws GOODPARTS_DEPENDENCY_MISSING without sharp. */
export async function encodeFrame (frame: Frame, { format, quality }: Encoding): Promise<Buffer> {
  const { width, height, channels } = frame
  return format === 'jpeg' ? frame.toJpeg(quality) : encodePng({ data: frame.pixels(), width, height, channels })
}

/** The same bytes where the format is right already. @throws GOODPARTS_DEPENDENCY_MISSING without sharp. */
export async function reencode (image: EncodedImage, { format, quality }: Encoding): Promise<Buffer> {
  if (image.mediaType === `image/${format}`) return image.bytes()
  const decoded = await decodeImage(image.bytes())
  return format === 'png' ? encodePng(decoded) : encodeJpeg({ ...decoded, pixels: () => decoded.data }, quality)
}
