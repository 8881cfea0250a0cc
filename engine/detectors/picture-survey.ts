/** A first look at all pictures: they can be decoded, how large they are, and which they are. */
import type { BundleMetadata } from '../../schemas/bundle.ts'
import type { RawImage } from '../frame/image-codec.ts'
import { upperMedian } from '../quantile.ts'
import type { GoodImage } from './detector.ts'
import type { FitWork } from './fit-work.ts'
import { pixelHash } from './picture-pool.ts'

export interface PictureSurvey {
  /** The middle height and width; three channels when any picture has them. */
  input: BundleMetadata['input']
  /** The middle of the pictures' longer edges, pixels. */
  edge: number
  /** SHA-256 of the pixels of some of them, sorted. */
  hashesOf (images: readonly GoodImage[]): string[]
}

/** @throws GOODPARTS_IMAGE_DECODE naming the picture. */
export async function survey (images: readonly GoodImage[], work: FitWork): Promise<PictureSurvey> {
  const hashes = new Map<GoodImage, string>()
  const sizes: Array<Pick<RawImage, 'width' | 'height' | 'channels'>> = []
  for (const [index, image] of images.entries()) {
    await work.step('pictures', index, images.length)
    const { width, height, channels, ...rest } = await work.pool.read(image)
    hashes.set(image, pixelHash({ width, height, channels, ...rest }))
    sizes.push({ width, height, channels })
  }
  return {
    input: {
      height: upperMedian(sizes.map(({ height }) => height)),
      width: upperMedian(sizes.map(({ width }) => width)),
      channels: sizes.some(({ channels }) => channels === 3) ? 3 : 1
    },
    edge: upperMedian(sizes.map(({ width, height }) => Math.max(width, height))),
    hashesOf: (some) => some.map((image) => hashes.get(image) as string).sort()
  }
}
