/** Pixels to time a bundle with. */
import { goldenImage } from '../bundle/golden.ts'
import type { SharedPicture } from './inference-protocol.ts'

const seed = 3
/** A golden picture takes a microsecond per value; what a model costs does not depend on what it sees. */
const stripRows = 64

/** Fills the picture with a strip of a golden picture, again and again. */
export function paintSample ({ memory, width, height, channels }: SharedPicture): void {
  const strip = goldenImage(seed, width, Math.min(height, stripRows), channels).data
  const pixels = new Uint8Array(memory, 0, width * height * channels)
  for (let start = 0; start < pixels.byteLength; start += strip.byteLength) {
    pixels.set(strip.subarray(0, Math.min(strip.byteLength, pixels.byteLength - start)), start)
  }
}
