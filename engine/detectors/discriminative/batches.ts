/** Batches for the head: as many good squares as spoilt ones and, where there are any, some of labelled defects beside them. */
import type { Feeds } from '../../training/train.ts'
import { drawn, stepRandom } from '../../training/step-random.ts'
import type { FeatureSquare, FeatureSquares } from './feature-maps.ts'

export interface HeadSquares extends FeatureSquares {
  /** With a real defect somewhere. */
  labelled: readonly FeatureSquare[]
}

const batchSize = 8
const ofLabelled = 2

export function squaresPerStep ({ labelled }: Pick<HeadSquares, 'labelled'>): number {
  return batchSize + (labelled.length === 0 ? 0 : ofLabelled)
}

/** By the number of the step alone. */
export function headFeeds (squares: HeadSquares, seed: number, step: number): Feeds {
  const { good, spoilt, labelled, channels, edge } = squares
  const count = squaresPerStep(squares)
  const random = stepRandom(seed, step)
  const area = edge * edge
  const features = new Float32Array(count * channels * area)
  const mask = new Float32Array(count * area)
  const somewhere = new Float32Array(count)
  somewhere.fill(1, batchSize)
  const chosen = [...drawn(good, batchSize / 2, random), ...drawn(spoilt, batchSize / 2, random), ...drawn(labelled, count - batchSize, random)]
  chosen.forEach((square, index) => {
    features.set(square.features, index * channels * area)
    if (square.mask !== null) mask.set(square.mask, index * area)
  })
  return {
    features: { type: 'float32', dims: [count, channels, edge, edge], data: features },
    mask: { type: 'float32', dims: [count, 1, edge, edge], data: mask },
    somewhere: { type: 'float32', dims: [count, 1, 1, 1], data: somewhere }
  }
}
