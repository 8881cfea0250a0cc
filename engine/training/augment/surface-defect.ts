/**
 * Defects to train on, shaped by Perlin noise (DRAEM, Zavrtanik et al. 2021, § 3.3) and filled without a corpus of foreign textures: from
 * another good part, from generated texture, or by what wear does to the surface. They differ on purpose from the scars and blobs of
 * `detectors/synthetic-defects.ts`, by which detectors are judged.
 */
import { seededRandom } from '../../random.ts'
import type { Random } from '../../random.ts'
import type { FloatImage } from './float-image.ts'
import { perlinMask, perlinNoise } from './perlin.ts'
import { adjustTone, blur } from './tone.ts'

export interface SurfaceDefect {
  image: FloatImage
  /** `(H, W)`: 1 on the defect. */
  mask: Uint8Array
}

/** Shares of the picture that a defect covers. */
const leastShare = 0.0005
const mostShare = 0.35
const shapeOctave = 5
const attempts = 30

/** Another good part supplies pieces; it may be the same. */
export function drawSurfaceDefect (image: FloatImage, other: FloatImage, seed: number): SurfaceDefect {
  const random = seededRandom(seed)
  const mask = defectMask(image.width, image.height, random)
  const filled = fill(image, other, random)
  const opacity = 0.3 + 0.7 * random()
  const { channels } = image
  const data = image.data.map((value, index) => mask[Math.floor(index / channels)] === 0 ? value : value + opacity * ((filled.data[index] as number) - value))
  return { image: { ...image, data }, mask }
}

/** Of the shares above; a small disc where chance gives none. */
function defectMask (width: number, height: number, random: Random): Uint8Array {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const mask = cutOut(perlinMask(width, height, { mostOctave: shapeOctave, threshold: 0.2 + 0.45 * random() }, random), width, height, random)
    const share = mask.reduce((sum, value) => sum + value, 0) / mask.length
    if (share >= leastShare && share <= mostShare) return mask
  }
  const [x, y, radius] = [width * random(), height * random(), Math.max(1, 0.03 * Math.min(width, height))]
  return Uint8Array.from({ length: width * height }, (_, pixel) => Math.hypot(pixel % width - x, Math.floor(pixel / width) - y) <= radius ? 1 : 0)
}

/** Half of the time only what lies in a window of random size: one defect instead of many. */
function cutOut (mask: Uint8Array, width: number, height: number, random: Random): Uint8Array {
  if (random() < 0.5) return mask
  const [shareX, shareY] = [0.05 + 0.6 * random() ** 2, 0.05 + 0.6 * random() ** 2]
  const [left, top] = [(1 - shareX) * random() * width, (1 - shareY) * random() * height]
  return mask.map((value, pixel) => {
    const [x, y] = [pixel % width, Math.floor(pixel / width)]
    return x >= left && x < left + shareX * width && y >= top && y < top + shareY * height ? value : 0
  })
}

function fill (image: FloatImage, other: FloatImage, random: Random): FloatImage {
  const kind = random()
  if (kind < 0.3) return foreign(image, other, random)
  if (kind < 0.5) return texture(image, random)
  if (kind < 0.75) return adjustTone(image, 1, (random() < 0.5 ? -1 : 1) * (15 + 75 * random()))
  if (kind < 0.9) return adjustTone(image, random() < 0.5 ? 0.6 * random() : 1.6 + 1.6 * random(), 30 * (random() - 0.5))
  return blur(image, 1 + 3 * random())
}

/** The other part moved, its tone changed. */
function foreign (image: FloatImage, other: FloatImage, random: Random): FloatImage {
  const [shiftX, shiftY] = [Math.floor(random() * other.width), Math.floor(random() * other.height)]
  const { width, channels } = image
  const data = image.data.map((_, index) => {
    const pixel = Math.floor(index / channels)
    const x = (pixel % width + shiftX) % other.width
    const y = (Math.floor(pixel / width) + shiftY) % other.height
    return other.data[(y * other.width + x) * other.channels + Math.min(index % channels, other.channels - 1)] as number
  })
  return adjustTone({ ...image, data }, 0.7 + 0.6 * random(), 60 * (random() - 0.5))
}

/** Octaves of Perlin noise about a grey level, the same in all channels. */
function texture (image: FloatImage, random: Random): FloatImage {
  const { width, height, channels } = image
  const level = 255 * random()
  const amplitude = 20 + 90 * random()
  const field = new Float32Array(width * height)
  const first = 1 + Math.floor(4 * random())
  for (let octave = first; octave < first + 3; octave++) {
    const noise = perlinNoise(width, height, { cellsX: Math.min(width, 2 ** octave), cellsY: Math.min(height, 2 ** octave) }, random)
    noise.forEach((value, pixel) => { field[pixel] = (field[pixel] as number) + value * 0.6 ** (octave - first) })
  }
  return { ...image, data: image.data.map((_, index) => level + amplitude * (field[Math.floor(index / channels)] as number)) }
}
