/** Pictures of good parts, of which the one most like a rejected part is shown beside it and stands where masks hide it. */
import type { RawImage } from '../frame/image-codec.ts'
import { lookOf, squaredDistance } from './look.ts'

export interface Exemplar {
  name: string
  image: RawImage
}

export class GoodExemplars {
  readonly #exemplars: Array<Exemplar & { look: Float32Array }> = []

  async add (exemplar: Exemplar): Promise<void> {
    this.#exemplars.push({ ...exemplar, look: await lookOf(exemplar.image) })
  }

  get size (): number {
    return this.#exemplars.length
  }

  /** `(H, W, C)` each, in the order in which they were added. */
  get images (): RawImage[] {
    return this.#exemplars.map(({ image }) => image)
  }

  /** By layout and texture together (see `lookOf`). `null` without exemplars. */
  async nearest (image: RawImage): Promise<Exemplar | null> {
    const look = await lookOf(image)
    let best: { exemplar: Exemplar, distance: number } | null = null
    for (const { look: other, ...exemplar } of this.#exemplars) {
      const distance = squaredDistance(look, other)
      if (best === null || distance < best.distance) best = { exemplar, distance }
    }
    return best?.exemplar ?? null
  }
}

/**
 * Which `count` of the looks stand for all of them: always the one that lessens the sum of squared distances to the nearest chosen the most (the
 * first phase of PAM, Kaufman and Rousseeuw 1990). So what is frequent is told apart more finely, and what is unlike all others is not left out.
 */
export function mostTelling (looks: readonly Float32Array[], count: number): number[] {
  const between = looks.map((look) => looks.map((other) => squaredDistance(look, other)))
  const farthest = Math.max(...between.flat())
  const nearest = looks.map(() => farthest)
  const chosen: number[] = []
  while (chosen.length < Math.min(count, looks.length)) {
    const gains = between.map((distances) => distances.reduce((sum, distance, i) => sum + Math.max(0, (nearest[i] as number) - distance), 0))
    const best = gains.indexOf(Math.max(...gains))
    if (chosen.length > 0 && (gains[best] as number) <= 0) break
    chosen.push(best)
    nearest.forEach((distance, i) => { nearest[i] = Math.min(distance, between[best]?.[i] as number) })
  }
  return chosen
}
