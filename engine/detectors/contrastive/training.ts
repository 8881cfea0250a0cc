/** How the encoder is trained. */
import { adamw } from '../../graph/optimisers/adamw.ts'
import { cosineSchedule } from '../../graph/optimisers/schedule.ts'
import type { FloatImage } from '../../training/augment/float-image.ts'
import type { NuisanceName } from '../../training/augment/nuisances.ts'
import type { Training } from '../../training/train.ts'
import { cropFeeds } from './crops.ts'
import { encoderTraining } from './encoder.ts'
import type { ContrastiveOptions } from './options.ts'

const clipNorm = 1

/** @param pictures At least as large as `options.patch`. @param nuisances What crops are changed by. */
export function contrastiveTraining (pictures: readonly FloatImage[], channels: 1 | 3, options: ContrastiveOptions, nuisances: readonly NuisanceName[], seed: number): Training {
  const { method, pasted, patch, batch, steps, width, learningRate } = options
  return {
    network: encoderTraining({ method, pasted, channels, width }, patch, batch),
    optimiser: adamw({ weightDecay: 1e-3 }),
    steps,
    learningRate: cosineSchedule({ base: learningRate, steps, warmUp: Math.min(20, Math.floor(steps / 10)) }),
    clipNorm,
    seed,
    feeds: (step) => cropFeeds(pictures, { method, pasted, patch, batch, nuisances, seed }, step)
  }
}
