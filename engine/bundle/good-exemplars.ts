/** Pictures of good parts, of which the one most like a rejected part is shown beside it and stands where masks hide it. */
import { resizeImage, type RawImage } from '../frame/image-codec.ts'

export interface Exemplar {
  name: string
  image: RawImage
}

/** Pixels of the thumbnails that are compared. */
const edge = 32

export class GoodExemplars {
  readonly #exemplars: Array<Exemplar & { thumbnail: Float32Array }> = []

  async add (exemplar: Exemplar): Promise<void> {
    this.#exemplars.push({ ...exemplar, thumbnail: await thumbnailOf(exemplar.image) })
  }

  get size (): number {
    return this.#exemplars.length
  }

  /** By the sum of squared differences of thumbnails, each less its mean, so that exposure does not decide. `null` without exemplars. */
  async nearest (image: RawImage): Promise<Exemplar | null> {
    const thumbnail = await thumbnailOf(image)
    let best: { exemplar: Exemplar, distance: number } | null = null
    for (const { thumbnail: other, ...exemplar } of this.#exemplars) {
      const distance = squaredDistance(thumbnail, other)
      if (best === null || distance < best.distance) best = { exemplar, distance }
    }
    return best?.exemplar ?? null
  }
}

/** Which `count` of the thumbnails show most of the variety: from the one nearest to the mean, always the farthest from those chosen (Gonzalez 1985). */
export function mostVaried (thumbnails: readonly Float32Array[], count: number): number[] {
  const [first] = thumbnails
  if (first === undefined) return []
  const mean = first.map((_, i) => thumbnails.reduce((sum, thumbnail) => sum + (thumbnail[i] as number), 0) / thumbnails.length)
  const toMean = thumbnails.map((thumbnail) => squaredDistance(thumbnail, mean))
  const chosen = [toMean.indexOf(Math.min(...toMean))]
  const distances = thumbnails.map((thumbnail) => squaredDistance(thumbnail, thumbnails[chosen[0] as number] as Float32Array))
  while (chosen.length < Math.min(count, thumbnails.length)) {
    const farthest = distances.indexOf(Math.max(...distances))
    if ((distances[farthest] as number) <= 0) break
    chosen.push(farthest)
    distances.forEach((distance, i) => { distances[i] = Math.min(distance, squaredDistance(thumbnails[i] as Float32Array, thumbnails[farthest] as Float32Array)) })
  }
  return chosen
}

/** `(32, 32, 1)` less its mean. */
export async function thumbnailOf (image: RawImage): Promise<Float32Array> {
  const { data, channels } = await resizeImage(image, edge, edge)
  const grey = Float32Array.from({ length: edge * edge }, (_, i) => {
    let sum = 0
    for (let channel = 0; channel < channels; channel++) sum += data[i * channels + channel] as number
    return sum / channels
  })
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length
  return grey.map((value) => value - mean)
}

function squaredDistance (a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + (value - (b[i] as number)) ** 2, 0)
}
