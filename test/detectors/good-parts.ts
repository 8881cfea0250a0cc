/** Small generated pictures of good parts: a striped plate with grain, its phase and brightness varying from part to part. */
import type { GoodImage } from '../../engine/detectors/detector.ts'
import type { RawImage } from '../../engine/frame/image-codec.ts'
import { normal, seededRandom } from '../../engine/random.ts'

export function goodPart (seed: number, edge = 64): RawImage {
  const random = seededRandom(seed)
  const [phase, level] = [3 * random(), 110 + 20 * random()]
  const data = Uint8Array.from({ length: edge * edge }, (_, i) => level + 40 * Math.sin(i % edge / 3 + phase) + 4 * normal(random))
  return { data, width: edge, height: edge, channels: 1 }
}

export function goodParts (count: number, edge = 64): GoodImage[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `part ${index}`,
    group: null,
    calibration: false,
    read: () => Promise.resolve(goodPart(index + 1, edge))
  }))
}
