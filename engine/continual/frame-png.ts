/** A frame as it is kept: without loss. */
import type { Frame } from '../frame/frame.ts'
import { encodePng } from '../frame/image-codec.ts'

/** Fast rather than small. */
const COMPRESSION = 1

export async function pngOf (frame: Frame): Promise<Buffer> {
  const { width, height, channels } = frame
  return encodePng({ data: frame.pixels(), width, height, channels }, COMPRESSION)
}
