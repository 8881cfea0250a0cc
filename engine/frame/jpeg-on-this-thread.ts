/**
 * JPEG by libjpeg-turbo on the thread that asks, at that thread's priority. sharp encodes on threads of its own, which have the priority of the main
 * thread whoever asks, and takes seven times as long (`docs/decisions/0011-pictures-of-verdicts.md`).
 */
import type * as Turbo from '@julusian/jpeg-turbo'
import { encodeJpeg, type RawImage } from './image-codec.ts'

/** Blocks its thread: for workers. By sharp where libjpeg-turbo has no binary for this machine. @throws GOODPARTS_DEPENDENCY_MISSING with neither. */
export async function encodeJpegOnThisThread (image: RawImage, quality: number): Promise<Uint8Array> {
  const { data, width, height, channels } = image
  const turbo = await (loaded ??= load())
  if (turbo === null) return await encodeJpeg({ ...image, pixels: () => data }, quality)
  const [format, subsampling] = channels === 1 ? [turbo.FORMAT_GRAY, turbo.SAMP_GRAY] : [turbo.FORMAT_RGB, turbo.SAMP_420]
  // What it returns lies in memory for the largest picture that this could have become.
  return new Uint8Array(turbo.compressSync(Buffer.from(data.buffer, data.byteOffset, data.byteLength), { format, width, height, subsampling, quality }))
}

/** Whether libjpeg-turbo can be used on this machine. */
export async function hasJpegTurbo (): Promise<boolean> {
  return await (loaded ??= load()) !== null
}

let loaded: Promise<typeof Turbo | null> | undefined

async function load (): Promise<typeof Turbo | null> {
  try {
    const module = await import('@julusian/jpeg-turbo') as typeof Turbo & { default?: typeof Turbo }
    return module.default ?? module
  } catch {
    return null
  }
}
