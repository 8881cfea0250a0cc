/** Two products whose answer is known: one without a direction, one that always lies the same way. */
import type { GoodImage } from '../../../engine/detectors/detector.ts'
import type { RawImage } from '../../../engine/frame/image-codec.ts'
import { normal, seededRandom } from '../../../engine/random.ts'
import { toRawImage } from '../../../engine/training/augment/float-image.ts'
import type { FloatImage } from '../../../engine/training/augment/float-image.ts'
import { blur } from '../../../engine/training/augment/tone.ts'

export const edge = 96

/** Round grains of no direction, elsewhere on every part. */
export function grains (seed: number): FloatImage {
  const random = seededRandom(seed)
  const white = Float32Array.from({ length: edge * edge }, () => normal(random))
  const { data } = blur({ data: white, width: edge, height: edge, channels: 1 }, 2)
  return { data: data.map((value) => 128 + 250 * value), width: edge, height: edge, channels: 1 }
}

/** Ribs that lean to the right, lit from above, at every part's own phase and brightness. */
export function ribs (seed: number): FloatImage {
  const random = seededRandom(seed)
  const [phase, level] = [6 * random(), 12 * (2 * random() - 1)]
  const data = Float32Array.from({ length: edge * edge }, (_, index) => {
    const [x, y] = [index % edge, Math.floor(index / edge)]
    return 128 + level + 40 * Math.sin(0.5 * x + 0.2 * y + phase) - 60 * (y / edge - 0.5) + 4 * normal(random)
  })
  return { data, width: edge, height: edge, channels: 1 }
}

export function asGoodImages (product: (seed: number) => FloatImage, count: number): GoodImage[] {
  return Array.from({ length: count }, (_, index) => ({ name: `part ${index}`, group: null, calibration: false, read: (): Promise<RawImage> => Promise.resolve(toRawImage(product(index + 1))) }))
}
