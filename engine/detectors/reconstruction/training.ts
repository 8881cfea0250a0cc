/** How the auto-encoder is trained. */
import { adamw } from '../../graph/optimisers/adamw.ts'
import { cosineSchedule } from '../../graph/optimisers/schedule.ts'
import { writePlanes } from '../../training/augment/float-image.ts'
import type { FloatImage } from '../../training/augment/float-image.ts'
import { varied } from '../../training/augment/nuisances.ts'
import type { NuisanceName } from '../../training/augment/nuisances.ts'
import { greyLevels } from '../network-pictures.ts'
import type { PictureGeometry } from '../network-pictures.ts'
import { drawn, stepRandom } from '../../training/step-random.ts'
import type { Feeds, Training } from '../../training/train.ts'
import { autoencoderTraining } from './autoencoder.ts'
import type { ReconstructionOptions } from './options.ts'

const clipNorm = 1

/** @param pictures Of `geometry`. @param nuisances What they are changed by. */
export function reconstructionTraining (pictures: readonly FloatImage[], geometry: PictureGeometry, options: ReconstructionOptions, nuisances: readonly NuisanceName[], seed: number): Training {
  const { steps, batch, learningRate, loss } = options
  return {
    network: autoencoderTraining({ ...options, ...geometry }, loss, batch),
    optimiser: adamw({ weightDecay: 1e-4 }),
    steps,
    learningRate: cosineSchedule({ base: learningRate, steps, warmUp: Math.min(20, Math.floor(steps / 10)) }),
    clipNorm,
    seed,
    feeds: (step) => feeds(pictures, geometry, batch, nuisances, seed, step)
  }
}

function feeds (pictures: readonly FloatImage[], { size, channels }: PictureGeometry, batch: number, names: readonly NuisanceName[], seed: number, step: number): Feeds {
  const data = new Float32Array(batch * channels * size * size)
  const random = stepRandom(seed, step)
  drawn(pictures, batch, random).forEach((picture, index) => { writePlanes(varied(picture, names, random), data, index, greyLevels) })
  return { picture: { type: 'float32', dims: [batch, channels, size, size], data } }
}
