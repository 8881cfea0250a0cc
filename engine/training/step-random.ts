/**
 * Random numbers of one step. They come from the seed and the step's number alone, so that a run that is taken up again at a step draws
 * what it would have drawn: there is no other state to keep.
 */
import { seededRandom } from '../random.ts'
import type { Random } from '../random.ts'

export function stepRandom (seed: number, step: number): Random {
  return seededRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b))
}

/** `count` of `items`, with repetition. */
export function drawn<Item> (items: readonly Item[], count: number, random: Random): Item[] {
  return Array.from({ length: count }, () => items[Math.floor(random() * items.length)] as Item)
}
