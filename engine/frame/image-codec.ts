/**
 * Pictures in and out, by sharp. sharp's own threads do the work; this file is the only one that imports it, lazily,
 * so that the palette loads on a machine without it.
 */
import type { Sharp, default as SharpFactory } from 'sharp'
import { GoodpartsError } from '../errors.ts'

/** Raw pixels `(H, W, C)` uint8, rows without padding. */
export interface RawImage {
  data: Uint8Array
  width: number
  height: number
  channels: 1 | 3
}

/** Raw pixels to JPEG. @throws GOODPARTS_DEPENDENCY_MISSING without sharp. */
export async function encodeJpeg (image: { pixels (): Uint8Array, width: number, height: number, channels: 1 | 3 }, quality: number): Promise<Buffer> {
  return (await raw({ ...dimensions(image), data: image.pixels() })).jpeg({ quality }).toBuffer()
}

/** Raw pixels to PNG, lossless. `compressionLevel` 0 (fastest) to 9 (smallest). */
export async function encodePng (image: RawImage, compressionLevel = 6): Promise<Buffer> {
  return (await raw(image)).png({ compressionLevel, adaptiveFiltering: compressionLevel === 9 }).toBuffer()
}

/**
 * Decodes a file's path or an encoded picture. Grey pictures stay one channel; transparency is flattened on black;
 * the EXIF orientation is applied.
 * @throws GOODPARTS_IMAGE_DECODE when it is not a picture.
 */
export async function decodeImage (input: string | Uint8Array, options: { channels?: 1 | 3 } = {}): Promise<RawImage> {
  const sharp = await loadSharp()
  try {
    const picture = sharp(input, { failOn: 'error' }).rotate().flatten({ background: '#000' })
    const { channels: stored, space } = await sharp(input).metadata()
    const channels = options.channels ?? (stored <= 2 || space === 'b-w' || space === 'grey16' ? 1 : 3)
    const { data, info } = await picture.toColourspace(channels === 1 ? 'b-w' : 'srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
    if (info.channels !== channels) throw new Error(`decoded to ${info.channels} channels`)
    return { data, width: info.width, height: info.height, channels }
  } catch (error) {
    const what = typeof input === 'string' ? input : `${input.byteLength} bytes`
    throw new GoodpartsError('GOODPARTS_IMAGE_DECODE', `Expected ${what} to be a picture: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** Width and height as `decodeImage` gives them, without decoding; `null` of what is not a picture. @throws GOODPARTS_DEPENDENCY_MISSING without sharp. */
export async function imageSize (path: string): Promise<{ width: number, height: number } | null> {
  const sharp = await loadSharp()
  try {
    return (await sharp(path).metadata()).autoOrient
  } catch {
    return null
  }
}

/** Resizes with antialiasing to exactly `width` x `height`. */
export async function resizeImage (image: RawImage, width: number, height: number): Promise<RawImage> {
  const data = await (await raw(image)).resize(width, height, { fit: 'fill' }).raw().toBuffer()
  return { data, width, height, channels: image.channels }
}

function dimensions (image: { width: number, height: number, channels: 1 | 3 }): { width: number, height: number, channels: 1 | 3 } {
  return { width: image.width, height: image.height, channels: image.channels }
}

async function raw (image: RawImage): Promise<Sharp> {
  const sharp = await loadSharp()
  return sharp(image.data, { raw: dimensions(image) }).toColourspace(image.channels === 1 ? 'b-w' : 'srgb')
}

let loaded: Promise<typeof SharpFactory> | undefined

async function loadSharp (): Promise<typeof SharpFactory> {
  try {
    return await (loaded ??= importSharp())
  } catch (cause) {
    loaded = undefined
    throw new GoodpartsError('GOODPARTS_DEPENDENCY_MISSING', 'Expected the package sharp to load', { cause, fix: 'npm install sharp' })
  }
}

async function importSharp (): Promise<typeof SharpFactory> {
  const { default: sharp } = await import('sharp')
  // No picture comes twice: to keep what was done with the last ones costs time and memory.
  sharp.cache(false)
  return sharp
}
