/** The picture and what stands where masks hide it, at the size at which the model looks. */
import { resizeImage, type RawImage } from '../../frame/image-codec.ts'
import type { Baseline } from '../explainer.ts'
import { blurred } from '../saliency-maths.ts'

export interface WorkingPicture {
  width: number
  height: number
  channels: 1 | 3
  /** `(H, W, C)`, grey levels. */
  pixels: Float32Array
  baseline: Float32Array
}

/** Of the longer edge: blurs away everything but the light's fall. */
const blurShare = 0.08

/** `size` is what the model works at. Grey pictures become three equal channels where the model wants three, colours grey where it wants one. */
export async function workingPicture (image: RawImage, size: { width: number, height: number, channels: 1 | 3 | null }, baseline: Baseline): Promise<WorkingPicture> {
  const pixels = await pixelsAt(image, size)
  const channels = size.channels ?? image.channels
  const { width, height } = size
  const hidden = typeof baseline === 'string' ? plainBaseline(pixels, width, height, channels, baseline) : await pixelsAt(baseline, { ...size, channels })
  return { width, height, channels, pixels, baseline: hidden }
}

function plainBaseline (pixels: Float32Array, width: number, height: number, channels: number, kind: 'mean' | 'blur' | 'black'): Float32Array {
  if (kind === 'blur') return blurred(pixels, width, height, channels, blurShare * Math.max(width, height))
  const result = new Float32Array(pixels.length)
  if (kind === 'black') return result
  const sums = new Float64Array(channels)
  pixels.forEach((value, index) => { sums[index % channels] = (sums[index % channels] as number) + value })
  return result.map((_, index) => (sums[index % channels] as number) * channels / pixels.length)
}

async function pixelsAt (image: RawImage, { width, height, channels }: { width: number, height: number, channels: 1 | 3 | null }): Promise<Float32Array> {
  const sized = image.width === width && image.height === height ? image : await resizeImage(image, width, height)
  const data = Float32Array.from(sized.data)
  if (channels === null || channels === sized.channels) return data
  const cells = width * height
  if (channels === 3) return Float32Array.from({ length: 3 * cells }, (_, index) => data[Math.floor(index / 3)] as number)
  // ITU-R BT.601, as JPEG has it.
  return Float32Array.from({ length: cells }, (_, cell) => 0.299 * (data[3 * cell] as number) + 0.587 * (data[3 * cell + 1] as number) + 0.114 * (data[3 * cell + 2] as number))
}
