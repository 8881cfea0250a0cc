/**
 * Contrastive learning from nothing: an encoder is trained on crops of good parts, without labels, to tell pasted pieces (CutPaste, Li et al.
 * 2021), to know a view again (SimCLR, Chen et al. 2020), or that with turns as something else (CSI, Tack et al. 2020). A part is then as bad
 * as its place that is least like any on good parts.
 */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { encodeModel } from '../../graph/encode.ts'
import type { Graph } from '../../graph/graph.ts'
import { openSession } from '../../runtime/onnx-runtime.ts'
import type { FloatImage } from '../../training/augment/float-image.ts'
import type { NuisanceName } from '../../training/augment/nuisances.ts'
import { exportInference } from '../../training/network/export-inference.ts'
import type { PictureGeometry } from '../network-pictures.ts'
import { train } from '../../training/train.ts'
import { trialSteps } from '../augmentation-selection/select.ts'
import { ledoitWolf } from '../density/ledoit-wolf.ts'
import type { Detector, FitContext, FittedBundle, GoodImage } from '../detector.ts'
import type { FitWork } from '../fit-work.ts'
import { fitFromScratch } from '../from-scratch.ts'
import { pastedInTraining, selectionOf, shiftsOf, withSet } from './augmentation-sets.ts'
import { featureNetwork } from './encoder.ts'
import type { EncoderSettings } from './encoder.ts'
import { mostDifferent, samplePatches } from './known-patches.ts'
import { contrastiveDefaults, readContrastiveOptions } from './options.ts'
import type { ContrastiveOptions } from './options.ts'
import { buildContrastiveGraph } from './scoring-graph.ts'
import { buildShiftGraph, learnShifts } from './shifts.ts'
import { contrastiveTraining } from './training.ts'

const family = 'contrastive'

export const contrastive: Detector = {
  family,
  description: 'An encoder trained on crops of good parts to tell pasted pieces or to know views again (needs no pretrained network)',
  defaults: { ...contrastiveDefaults },
  check: (given) => { readContrastiveOptions(given) },
  trainedOperators: (given) => pastedInTraining(readContrastiveOptions(given)),
  fit
}

async function fit (images: readonly GoodImage[], given: Readonly<Record<string, JsonValue>>, context: FitContext): Promise<FittedBundle> {
  const options = readContrastiveOptions(given)
  return fitFromScratch(images, {
    family,
    name: (set) => `${withSet(options, set).method} ${options.size}`,
    size: options.size,
    augmentation: options.augmentation,
    shifts: shiftsOf(options),
    selection: selectionOf(options),
    options: (set) => ({ ...options, ...withSet(options, set) }),
    learn: (pictures, geometry, set, work, brief) => learn(pictures, geometry, { ...options, ...withSet(options, set), steps: brief ? Math.min(trialSteps, options.steps) : options.steps }, set.nuisances, work)
  }, context)
}

async function learn (pictures: readonly FloatImage[], { size, channels }: PictureGeometry, options: ContrastiveOptions, nuisances: readonly NuisanceName[], work: FitWork): Promise<Graph> {
  const { method, pasted, width, mapSigma } = options
  const settings: EncoderSettings = { method, pasted, channels, width }
  const { weights } = await train(contrastiveTraining(pictures, channels, options, nuisances, work.seed), work)
  const graph = { ...settings, size, weights, mapSigma }
  if (method === 'csi') return buildShiftGraph(graph, await learnShifts(graph, pictures, options.bankSize, work))
  const session = await openSession(encodeModel(exportInference(featureNetwork(settings, size, 1), weights)), { threads: work.threads })
  try {
    const { features = new Float32Array() } = await samplePatches(session, pictures, ['features'], work)
    if (options.density === 'gaussian') return buildContrastiveGraph(graph, { gaussian: ledoitWolf(features, 4 * width) })
    return buildContrastiveGraph(graph, { bank: { entries: await mostDifferent(features, 4 * width, options.bankSize, work), width: 4 * width } })
  } finally {
    await session.close()
  }
}
