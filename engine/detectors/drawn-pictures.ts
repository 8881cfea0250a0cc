/** Held-out good parts with the defects that will be drawn on them, in an order in which any beginning is a fair sample. */
import type { RawImage } from '../frame/image-codec.ts'
import type { Random } from '../random.ts'
import { permutation } from '../random.ts'
import { fillNames } from './defect-fills.ts'
import type { FillName } from './defect-fills.ts'
import type { GoodImage } from './detector.ts'
import type { PicturePool } from './picture-pool.ts'
import { drawDefect } from './synthetic-defects.ts'

export interface DrawnPicture {
  image: GoodImage
  /** Another held-out part, from which pieces are pasted. */
  other: GoodImage
  seeds: number[]
  /** What drawings are filled with. */
  among: readonly FillName[]
}

/** Drawings over all pictures, and at most on one: untouched pictures are what the proxy is short of. */
const wantedDrawings = 100
const mostOnOne = 3

export function drawnPictures (images: readonly GoodImage[], random: Random, among: readonly FillName[] = fillNames): DrawnPicture[] {
  const drawings = Math.min(mostOnOne, Math.ceil(wantedDrawings / images.length))
  return Array.from(permutation(images.length, random), (index) => ({
    image: images[index] as GoodImage,
    other: images[Math.floor(random() * images.length)] as GoodImage,
    seeds: Array.from({ length: drawings }, () => Math.floor(random() * 2 ** 32)),
    among
  }))
}

/** The picture untouched, then each drawing. */
export async function * picturesOf ({ image, other, seeds, among }: DrawnPicture, pool: PicturePool): AsyncGenerator<RawImage> {
  const [good, source] = [await pool.read(image), await pool.read(other)]
  yield good
  for (const seed of seeds) yield drawDefect(good, source, seed, among).image
}
