/** A first look at all pictures: they can be decoded, how large they are, and which they are. */
import type { BundleMetadata } from '../../schemas/bundle.ts'
import type { RawImage } from '../frame/image-codec.ts'
import { GoodpartsError } from '../errors.ts'
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

/** Broken pictures that are named. */
const mostNamed = 10

/** @throws GOODPARTS_IMAGE_DECODE naming every picture that cannot be read, once all were looked at. */
export async function survey (images: readonly GoodImage[], work: FitWork): Promise<PictureSurvey> {
  const hashes = new Map<GoodImage, string>()
  const sizes: Array<Pick<RawImage, 'width' | 'height' | 'channels'>> = []
  const broken: Array<{ name: string, error: GoodpartsError }> = []
  for (const [index, image] of images.entries()) {
    await work.step('pictures', index, images.length)
    try {
      const { width, height, channels, ...rest } = await work.pool.read(image)
      hashes.set(image, pixelHash({ width, height, channels, ...rest }))
      sizes.push({ width, height, channels })
    } catch (error) {
      if (!(error instanceof GoodpartsError) || error.code !== 'GOODPARTS_IMAGE_DECODE') throw error
      broken.push({ name: image.name, error })
    }
  }
  refuseBroken(broken)
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

function refuseBroken (broken: ReadonlyArray<{ name: string, error: GoodpartsError }>): void {
  const [first, ...others] = broken
  if (first === undefined) return
  if (others.length === 0) throw first.error
  const names = `${others.slice(0, mostNamed - 1).map(({ name }) => name).join(', ')}${broken.length > mostNamed ? ', …' : ''}`
  throw new GoodpartsError('GOODPARTS_IMAGE_DECODE', `${first.error.message}; ${others.length} more cannot be read either: ${names}`, { cause: first.error, ...(first.error.fix === null ? {} : { fix: first.error.fix }) })
}
