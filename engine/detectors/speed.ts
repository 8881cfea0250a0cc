/** How fast a bundle's graph answers here, on the fit's threads, and what is said where nothing is fast enough. */
import type { JsonValue } from '../../schemas/bundle.ts'
import { GoodpartsError } from '../errors.ts'
import type { GoodImage } from './detector.ts'
import type { FitWork } from './fit-work.ts'
import { Scorer } from './scorer.ts'

/** The first warms up and is not counted. */
const picturesToTime = 4

/** Images per second, one at a time. What the graph has learned makes no difference to it: numbers of the right shape will do. @throws GOODPARTS_FIT_CANCELLED. */
export async function imagesPerSecondOf (model: Uint8Array, images: readonly GoodImage[], work: FitWork): Promise<number> {
  const scorer = await Scorer.open(model, work.threads)
  try {
    for (const image of images.slice(0, picturesToTime)) {
      await work.breathe()
      await scorer.score(await work.pool.read(image))
    }
    return scorer.imagesPerSecond ?? 0
  } finally {
    await scorer.close()
  }
}

/** The same options at any speed: what was chosen because it is fast enough is not timed again. */
export function atAnySpeed (options: Readonly<Record<string, JsonValue>>): { [option: string]: JsonValue } {
  return { ...options, ...(Object.hasOwn(options, 'targetImagesPerSecond') ? { targetImagesPerSecond: 0 } : {}) }
}

/** @param speeds Images per second of all that was tried. */
export function tooSlow (speeds: readonly number[], target: number): GoodpartsError {
  return new GoodpartsError('GOODPARTS_FIT_FAILED', `Expected a choice that scores ${target} images per second here, got ${Math.max(...speeds).toFixed(1)} at the fastest`,
    { fix: 'Ask for fewer images per second, or give a smaller size.' })
}

/** For the row of a trial. */
export function slowerThan (target: number): string {
  return `slower than ${target} images per second`
}
