/** Reconstruction: an auto-encoder that has seen good parts only makes defects again badly, and the difference shows them (Bergmann et al. 2019). */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { nuisanceNames } from '../../training/augment/nuisances.ts'
import { train } from '../../training/train.ts'
import { trialSteps } from '../augmentation-selection/select.ts'
import type { Detector, FitContext, FittedBundle, GoodImage } from '../detector.ts'
import { fitFromScratch } from '../from-scratch.ts'
import { readReconstructionOptions, reconstructionDefaults } from './options.ts'
import { buildReconstructionGraph } from './scoring-graph.ts'
import { reconstructionTraining } from './training.ts'

const family = 'reconstruction'

export const reconstruction: Detector = {
  family,
  description: 'An auto-encoder trained on good parts; what it cannot make again is suspicious (needs no pretrained network)',
  defaults: { ...reconstructionDefaults },
  check: (given) => { readReconstructionOptions(given) },
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
      const { weights } = await train(reconstructionTraining(pictures, geometry, { ...options, steps }, nuisances, work.seed), work)
      return buildReconstructionGraph({ ...options, ...geometry, weights })
    }
  }, context)
}
