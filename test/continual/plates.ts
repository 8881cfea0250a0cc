/** Photographs of light-guide plates, and the same with another look. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { decodeImage, type RawImage } from '../../engine/frame/image-codec.ts'
import { Frame } from '../../engine/frame/frame.ts'
import { permutation, seededRandom } from '../../engine/random.ts'

const folder = join(import.meta.dirname, '..', '..', 'flows', 'samples', 'light-guide-plates', 'good')

/** All of them: 224 x 224, grey. */
export async function goodPlates (): Promise<RawImage[]> {
  return await Promise.all(readdirSync(folder).sort().map(async (name) => decodeImage(join(folder, name))))
}

/** Mirrored, and each pixel the mean of 5 x 5. */
export function mirroredAndBlurred ({ data, width, height, channels }: RawImage): RawImage {
  const at = (x: number, y: number): number => data[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, width - 1 - x))] as number
  const offsets = [-2, -1, 0, 1, 2]
  return { width, height, channels, data: Uint8Array.from({ length: width * height }, (_, pixel) => offsets.reduce((sum, dy) => sum + offsets.reduce((row, dx) => row + at(pixel % width + dx, Math.floor(pixel / width) + dy), 0), 0) / 25) }
}

/** With a faint chequered print in the middle, as bright as what it covers: no measure of the picture itself changes by much. */
export function printed ({ data, width, height, channels }: RawImage): RawImage {
  return {
    width,
    height,
    channels,
    data: Uint8Array.from(data, (value, pixel) => {
      const [x, y] = [pixel % width, Math.floor(pixel / width)]
      if (Math.hypot(x - width / 2, y - height / 2) > 50) return value
      return Math.min(255, Math.max(0, value + ((Math.floor(x / 12) + Math.floor(y / 12)) % 2 === 0 ? 8 : -8)))
    })
  }
}

export function frameOfPlate ({ data, width, height, channels }: RawImage, sequence: number): Frame {
  return Frame.fromPixels(data, { source: 'camera', sequence, width, height, channels })
}

/** Endless: all in a random order, again and again. */
export function * inRandomOrder<Item> (items: readonly Item[], seed: number): Generator<Item, never> {
  const random = seededRandom(seed)
  for (;;) for (const index of permutation(items.length, random)) yield items[index] as Item
}
