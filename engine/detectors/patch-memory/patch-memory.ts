/**
 * Patch memory (PatchCore, Roth et al. 2022): the most different patches of good parts, as a frozen backbone's middle layers see them; a
 * part is as bad as its patch farthest from the memory.
 */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { checkScale } from '../backbone-features/candidate-scales.ts'
import { askedBackbone, encoderOperators } from '../contrastive/encoder-backbone.ts'
import type { Detector, FitContext, FittedBundle, GoodImage } from '../detector.ts'
import { finishBundle } from '../finished-bundle.ts'
import { FitWork } from '../fit-work.ts'
import { calibrationSplit } from '../hold-out.ts'
import { survey } from '../picture-survey.ts'
import { learnMemory } from './memory.ts'
import { patchMemoryDefaults, readPatchMemoryOptions } from './options.ts'
import { chooseScale } from './scale-choice.ts'
import { scoringModel } from './scoring-model.ts'

const family = 'patch-memory'

export const patchMemory: Detector = {
  family,
  description: 'Nearest neighbours among the most different patches of good parts (PatchCore)',
  defaults: { ...patchMemoryDefaults },
  check: (given) => { checkScale(readPatchMemoryOptions(given)) },
  trainedOperators: (given) => encoderOperators(readPatchMemoryOptions(given)),
  fit
}

async function fit (images: readonly GoodImage[], given: Readonly<Record<string, JsonValue>>, context: FitContext): Promise<FittedBundle> {
  const begun = performance.now()
  const options = readPatchMemoryOptions(given)
  const work = new FitWork(context)
  const split = calibrationSplit(images, work.random('calibration'))
  const pictures = await survey(images, work)
  const { backbone, size: left } = await askedBackbone(options, split.kept, pictures.input.channels, work.learning())
  const { settings, trials } = await work.remember('scale', () => chooseScale({ ...options, size: left }, backbone, pictures.edge, split.kept, work))
  const memory = await learnMemory(backbone, settings, split.kept, work.under('learning'))
  const { layers, size, normalisation, whitening, relative } = settings
  const entries = memory.bank.length / memory.width
  const k = Math.min(options.k, entries)
  return finishBundle({
    family,
    name: `${family} ${layers} ${size}`,
    model: scoringModel(memory, entries, { ...options, backbone }),
    options: { ...options, scale: layers, size, normalisation, whitening, relative, bankSize: entries, components: memory.width, k },
    split,
    pictures,
    trials,
    begun,
    versions: { backbone: backbone.name }
  }, work)
}
