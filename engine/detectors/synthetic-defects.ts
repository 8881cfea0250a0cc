/**
 * Defects drawn on pictures of good parts, with their exact masks: what a detector that separates them can be trusted to see. A thin
 * scar or a blob of 0.05 to 0.6 % of the area, filled by what defects do to a surface. Seeded.
 */
import type { RawImage } from '../frame/image-codec.ts'
import { seededRandom } from '../random.ts'
import type { Random } from '../random.ts'
import { blob, scar } from './defect-shapes.ts'
import { drawFill, fillNames, fills } from './defect-fills.ts'
import type { FillName } from './defect-fills.ts'

export interface SyntheticDefect {
  /** The good picture with the defect on it. */
  image: RawImage
  /** `(H, W)`: 1 on the defect, else 0. */
  mask: Uint8Array
  shape: 'scar' | 'blob'
  fill: FillName
}

/** Share of the picture's area. */
export const smallestDefect = 0.0005
export const largestDefect = 0.006
/** Mean change over the mask, in grey levels, below which nothing was drawn: a paste of the same, a tone shift out of range. */
const leastChange = 8
const attempts = 24

/**
 * @param image The good part drawn on; left as it is.
 * @param other Another good part, from which pieces are pasted; may be the same.
 * @param among What it may be filled with.
 */
export function drawDefect (image: RawImage, other: RawImage, seed: number, among: readonly FillName[] = fillNames): SyntheticDefect {
  const random = seededRandom(seed)
  let drawn = drawOnce(image, other, random, among)
  for (let attempt = 1; attempt < attempts && meanChange(image, drawn) < leastChange; attempt++) drawn = drawOnce(image, other, random, among)
  return drawn
}

function drawOnce (image: RawImage, other: RawImage, random: Random, among: readonly FillName[]): SyntheticDefect {
  const { width, height } = image
  // Even in the area, so that half are large: where small ones prevail, fine layers win on surfaces whose real defects they miss (measured).
  const share = smallestDefect + (largestDefect - smallestDefect) * random()
  const pixels = Math.max(Math.ceil(smallestDefect * width * height), Math.floor(share * width * height))
  const shape = random() < 0.5 ? 'scar' : 'blob'
  const mask = (shape === 'scar' ? scar : blob)({ width, height, pixels }, random)
  const fill = drawFill(random, among)
  const data = Uint8Array.from(image.data)
  fills[fill]({ image, other, mask, data }, random)
  return { image: { ...image, data }, mask, shape, fill }
}

/** Over the mask, in grey levels. */
function meanChange (image: RawImage, { image: { data }, mask }: SyntheticDefect): number {
  const { channels } = image
  let change = 0
  let pixels = 0
  for (let pixel = 0; pixel < mask.length; pixel++) {
    if (mask[pixel] === 0) continue
    pixels++
    for (let channel = 0; channel < channels; channel++) {
      const index = pixel * channels + channel
      change += Math.abs((data[index] as number) - (image.data[index] as number)) / channels
    }
  }
  return change / pixels
}
