/** Parts of a line that is only measured: what its good ones look like, and what a defective one does. */
import type { ModelBundle } from '../../../engine/bundle/bundle.ts'
import { goldenImage } from '../../../engine/bundle/golden.ts'
import { exemplarsOf } from '../../../engine/bundle/kept-exemplars.ts'
import { resizeImage, type RawImage } from '../../../engine/frame/image-codec.ts'
import { seededRandom } from '../../../engine/random.ts'
import { texturedImages } from './sample-bundle.ts'

/** Share of the shorter edge. */
const HOLE = 0.125

/** Of the texture that made bundles have learned, `(H, W, 3)` each. */
export function texturedPictures (count: number, edge: number, seed: number): RawImage[] {
  const { data } = texturedImages(seededRandom(seed), count, edge, edge, 3)
  const size = 3 * edge * edge
  return Array.from({ length: count }, (_, i) => ({ data: (data as Uint8Array).subarray(i * size, (i + 1) * size), width: edge, height: edge, channels: 3 }))
}

/** The good pictures that the bundle keeps, in the size and the channels of its frames; synthetic ones, `count` of them, where it keeps none that fit. */
export async function goodPictures ({ bytes, metadata: { input: { width, height, channels } } }: ModelBundle, count: number, seed: number): Promise<RawImage[]> {
  const kept = (await exemplarsOf(bytes)).images.filter((image) => image.channels === channels)
  return kept.length === 0
    ? Array.from({ length: count }, (_, i) => goldenImage(seed + i, width, height, channels))
    : await Promise.all(kept.map(async (image) => image.width === width && image.height === height ? image : await resizeImage(image, width, height)))
}

/** The same picture with a square hole at a place drawn by the seed: black where it is bright there, white where it is dark. */
export function withHole ({ data, width, height, channels }: RawImage, seed: number): RawImage {
  const random = seededRandom(seed)
  const edge = Math.max(1, Math.round(HOLE * Math.min(width, height)))
  const [left, top] = [width, height].map((size) => Math.floor(random() * (size - edge + 1))) as [number, number]
  const holed = new Uint8Array(data)
  const rows = Array.from({ length: edge }, (_, y) => holed.subarray(((top + y) * width + left) * channels, ((top + y) * width + left + edge) * channels))
  const mean = rows.reduce((sum, row) => sum + row.reduce((sum, value) => sum + value, 0), 0) / (edge * edge * channels)
  for (const row of rows) row.fill(mean < 128 ? 255 : 0)
  return { data: holed, width, height, channels }
}
