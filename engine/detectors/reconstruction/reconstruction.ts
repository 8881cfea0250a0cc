/** Reconstruction: an auto-encoder that has seen good parts only makes defects again badly, and the difference shows them (Bergmann et al. 2019). */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { adamw } from '../../graph/optimisers/adamw.ts'
import { cosineSchedule } from '../../graph/optimisers/schedule.ts'
import { writePlanes } from '../../training/augment/float-image.ts'
import type { FloatImage } from '../../training/augment/float-image.ts'
import { nuisanceNames, varied } from '../../training/augment/nuisances.ts'
import type { NuisanceName } from '../../training/augment/nuisances.ts'
import type { Weights } from '../../training/network/parameter.ts'
import { greyLevels } from '../../training/pictures.ts'
import type { PictureGeometry } from '../../training/pictures.ts'
import { drawn, stepRandom } from '../../training/step-random.ts'
import { train } from '../../training/train.ts'
import type { Feeds } from '../../training/train.ts'
import { trialSteps } from '../augmentation-selection/select.ts'
import type { Detector, FitContext, FittedBundle, GoodImage } from '../detector.ts'
import type { FitWork } from '../fit-work.ts'
import { fitFromScratch } from '../from-scratch.ts'
import { autoencoderTraining } from './autoencoder.ts'
import { readReconstructionOptions, reconstructionDefaults } from './options.ts'
import type { ReconstructionOptions } from './options.ts'
import { buildReconstructionGraph } from './scoring-graph.ts'

const family = 'reconstruction'
const clipNorm = 1

export const reconstruction: Detector = {
  family,
  description: 'An auto-encoder trained on good parts; what it cannot make again is suspicious (needs no pretrained network)',
  defaults: { ...reconstructionDefaults },
  fit
}

async function fit (images: readonly GoodImage[], given: Readonly<Record<string, JsonValue>>, context: FitContext): Promise<FittedBundle> {
  const options = readReconstructionOptions(given)
  return fitFromScratch(images, {
    family,
    name: () => `${options.loss} ${options.size}`,
    size: options.size,
    augmentation: options.augmentation,
    shifts: [],
    selection: { patch: null, nuisances: nuisanceNames, shifts: [], sets: ({ nuisances }) => [{ nuisances: [], shifts: [] }, { nuisances, shifts: [] }], trainedOperators: [] },
    options: () => ({ ...options }),
    learn: async (pictures, geometry, { nuisances }, work, brief) => {
      const steps = brief ? Math.min(trialSteps, options.steps) : options.steps
      const weights = await learn(pictures, geometry, { ...options, steps }, nuisances, work)
      return buildReconstructionGraph({ ...options, ...geometry, weights })
    }
  }, context)
}

async function learn (pictures: readonly FloatImage[], geometry: PictureGeometry, options: ReconstructionOptions, names: readonly NuisanceName[], work: FitWork): Promise<Weights> {
  const { steps, batch, learningRate, loss } = options
  const { weights } = await train({
    network: autoencoderTraining({ ...options, ...geometry }, loss, batch),
    optimiser: adamw({ weightDecay: 1e-4 }),
    steps,
    learningRate: cosineSchedule({ base: learningRate, steps, warmUp: Math.min(20, Math.floor(steps / 10)) }),
    clipNorm,
    seed: work.seed,
    feeds: (step) => feeds(pictures, geometry, batch, names, work.seed, step)
  }, work)
  return weights
}

function feeds (pictures: readonly FloatImage[], { size, channels }: PictureGeometry, batch: number, names: readonly NuisanceName[], seed: number, step: number): Feeds {
  const data = new Float32Array(batch * channels * size * size)
  const random = stepRandom(seed, step)
  drawn(pictures, batch, random).forEach((picture, index) => { writePlanes(varied(picture, names, random), data, index, greyLevels) })
  return { picture: { type: 'float32', dims: [batch, channels, size, size], data } }
}
