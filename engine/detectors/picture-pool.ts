/** Pictures decoded once and kept as long as they fit; those that do not are decoded again each time. */
import { createHash } from 'node:crypto'
import type { RawImage } from '../frame/image-codec.ts'
import type { GoodImage } from './detector.ts'

const defaultBudget = 768 * 1024 * 1024

export class PicturePool {
  readonly #budget: number
  readonly #kept = new Map<GoodImage, RawImage>()
  #bytes = 0

  /** @param budget Bytes of pixels that may be kept. */
  constructor (budget = defaultBudget) {
    this.#budget = budget
  }

  /** @throws GOODPARTS_IMAGE_DECODE naming the picture. */
  async read (image: GoodImage): Promise<RawImage> {
    const kept = this.#kept.get(image)
    if (kept !== undefined) return kept
    const picture = await image.read()
    if (this.#bytes + picture.data.byteLength <= this.#budget) {
      this.#kept.set(image, picture)
      this.#bytes += picture.data.byteLength
    }
    return picture
  }
}

/** SHA-256 of the pixels, in hex. */
export function pixelHash ({ data }: RawImage): string {
  return createHash('sha256').update(data).digest('hex')
}
