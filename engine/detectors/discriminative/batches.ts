/** Batches for the head: one half good squares, one half spoilt ones. */
import type { Feeds } from '../../training/train.ts'
import { drawn, stepRandom } from '../../training/step-random.ts'
import type { FeatureSquares } from './feature-maps.ts'

export const batchSize = 8

/** By the number of the step alone. */
export function headFeeds ({ good, spoilt, channels, edge }: FeatureSquares, seed: number, step: number): Feeds {
  const random = stepRandom(seed, step)
  const area = edge * edge
  const features = new Float32Array(batchSize * channels * area)
  const mask = new Float32Array(batchSize * area)
  const chosen = [...drawn(good, batchSize / 2, random), ...drawn(spoilt, batchSize / 2, random)]
  chosen.forEach((square, index) => {
    features.set(square.features, index * channels * area)
    if (square.mask !== null) mask.set(square.mask, index * area)
  })
  return {
    features: { type: 'float32', dims: [batchSize, channels, edge, edge], data: features },
    mask: { type: 'float32', dims: [batchSize, 1, edge, edge], data: mask }
  }
}
