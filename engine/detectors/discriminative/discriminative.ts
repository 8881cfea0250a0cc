/**
 * A light head on a frozen backbone, trained to tell features of good parts from spoilt ones (after SuperSimpleNet, Rolih et al. 2024):
 * noise on features and defects drawn on the pictures teach it, no real defect does.
 */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { encodeModel } from '../../graph/encode.ts'
import { cosineSchedule } from '../../graph/optimisers/schedule.ts'
import { train } from '../../training/train.ts'
import { chosenBackbone } from '../backbone-features/chosen-backbone.ts'
import type { Detector, FitContext, FittedBundle, GoodImage } from '../detector.ts'
import { finishBundle } from '../finished-bundle.ts'
import { FitWork } from '../fit-work.ts'
import { calibrationSplit, holdOut } from '../hold-out.ts'
import { learnProjection, pickEntries } from '../patch-memory/memory.ts'
import { patchMemoryDefaults } from '../patch-memory/options.ts'
import { chooseScale } from '../patch-memory/scale-choice.ts'
import { survey } from '../picture-survey.ts'
import { batchSize, headFeeds } from './batches.ts'
import type { KnownFeatures } from './differences.ts'
import { featureSquares } from './feature-maps.ts'
import type { FeatureSquares, SquareOptions } from './feature-maps.ts'
import { headOptimiser, headTraining } from './head.ts'
import { discriminativeDefaults, readDiscriminativeOptions } from './options.ts'
import { buildDiscriminativeGraph } from './scoring-graph.ts'

const family = 'discriminative'
const clipNorm = 1

export const discriminative: Detector = {
  family,
  description: 'A small trained head that tells features of good parts from spoilt ones (SuperSimpleNet)',
  defaults: { ...discriminativeDefaults },
  fit
}

async function fit (images: readonly GoodImage[], given: Readonly<Record<string, JsonValue>>, context: FitContext): Promise<FittedBundle> {
  const begun = performance.now()
  const options = readDiscriminativeOptions(given)
  const work = new FitWork(context)
  const split = calibrationSplit(images, work.random('calibration'))
  const backbone = await chosenBackbone(options)
  const pictures = await survey(images, work)
  // Where a patch memory sees drawn defects best; asking the head itself would mean training it at every scale.
  const { scale, size, normalisation } = options
  const { settings, trials } = await chooseScale({ ...patchMemoryDefaults, scale, size, normalisation, whitening: true, bankSize: 1000 }, backbone, pictures.edge, split.kept, work)
  const features = { backbone, layers: settings.layers, size: settings.size, normalisation: settings.normalisation }
  const learning = work.under('learning')
  const projection = await learnProjection(features, { components: options.components, whitening: true }, split.kept, learning)
  const { squares, known } = await learnSquares(split.kept, { features, projection, drawings: options.drawings, noise: options.noise, colours: pictures.input.channels }, options.bankSize, learning)
  const { weights } = await train({
    network: headTraining({ channels: squares.channels, grid: squares.edge, hidden: options.hidden }, batchSize),
    optimiser: headOptimiser,
    steps: options.steps,
    learningRate: cosineSchedule({ base: options.learningRate, steps: options.steps, warmUp: Math.min(20, Math.floor(options.steps / 10)) }),
    clipNorm,
    seed: context.seed,
    feeds: (step) => headFeeds(squares, context.seed, step)
  }, learning)
  return finishBundle({
    family,
    name: `${family} ${settings.layers} ${settings.size}`,
    model: encodeModel(buildDiscriminativeGraph({ ...features, projection, known, hidden: options.hidden, weights, mapSigma: options.mapSigma })),
    options: { ...options, scale: settings.layers, size: settings.size, normalisation: settings.normalisation, components: known.width, bankSize: known.entries.length / known.width },
    split,
    pictures,
    trials,
    begun,
    versions: { backbone: backbone.name }
  }, work)
}

/**
 * Two halves of the parts, each known by a memory of the other: what a square differs from is never the part itself. The bundle knows both.
 */
async function learnSquares (images: readonly GoodImage[], options: Omit<SquareOptions, 'known'>, bankSize: number, work: FitWork): Promise<{ squares: FeatureSquares, known: KnownFeatures }> {
  const width = options.projection.matrix.length / options.projection.mean.length
  const { kept, heldOut } = holdOut(images, { share: 0.5, atLeast: 1 }, work.random('trial'))
  const banks: Float32Array[] = []
  const squares: FeatureSquares[] = []
  for (const [known, cut] of [[kept, heldOut], [heldOut, kept]] as const) {
    const entries = await pickEntries(options.features, options.projection, Math.floor(bankSize / 2), known, work)
    banks.push(entries)
    squares.push(await featureSquares(cut, { ...options, known: { entries, width } }, work, 0.5))
  }
  const [first, second] = squares as [FeatureSquares, FeatureSquares]
  return {
    squares: { ...first, good: [...first.good, ...second.good], spoilt: [...first.spoilt, ...second.spoilt] },
    known: { entries: Float32Array.from(banks.flatMap((bank) => [...bank])), width }
  }
}
