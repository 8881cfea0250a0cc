/** Pictures inside a page. */
import { encodeJpeg, resizeImage, type RawImage } from '../../frame/image-codec.ts'

/** Longer edge of the pictures in a report. */
const edge = 360

export async function shrink (image: RawImage): Promise<RawImage> {
  const scale = edge / Math.max(image.width, image.height)
  return scale >= 1 ? image : resizeImage(image, Math.max(1, Math.round(image.width * scale)), Math.max(1, Math.round(image.height * scale)))
}

export async function dataUrl (image: RawImage): Promise<string> {
  const jpeg = await encodeJpeg({ ...image, pixels: () => image.data }, 82)
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`
}
