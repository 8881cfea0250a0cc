/**
 * A light head on a frozen backbone, trained to tell features of good parts from spoilt ones (after SuperSimpleNet, Rolih et al. 2024):
 * noise on features and defects drawn on the pictures teach it, and labelled defects where there are any.
 */
import type { BundleMetadata, JsonValue } from '../../../schemas/bundle.ts'
import { encodeModel } from '../../graph/encode.ts'
import { cosineSchedule } from '../../graph/optimisers/schedule.ts'
import { nuisanceNames } from '../../training/augment/nuisances.ts'
import { initialWeights } from '../../training/network/parameter.ts'
import { loadPictures } from '../network-pictures.ts'
import { train } from '../../training/train.ts'
import { asOption, namedNuisances } from '../augmentation-selection/augmentation-option.ts'
import { selectAugmentation, trialSteps } from '../augmentation-selection/select.ts'
import { checkScale } from '../backbone-features/candidate-scales.ts'
import { chosenBackbone } from '../backbone-features/chosen-backbone.ts'
import { featureGeometry } from '../backbone-features/feature-graph.ts'
import type { FeatureOptions } from '../backbone-features/feature-graph.ts'
import type { FillName } from '../defect-fills.ts'
import type { DefectImage, Detector, FitContext, FittedBundle, GoodImage } from '../detector.ts'
import { finishBundle } from '../finished-bundle.ts'
import { FitWork } from '../fit-work.ts'
import { calibrationSplit, holdOut } from '../hold-out.ts'
import { learnProjection, pickEntries } from '../patch-memory/memory.ts'
import { patchMemoryDefaults } from '../patch-memory/options.ts'
import { chooseScale } from '../patch-memory/scale-choice.ts'
import { survey } from '../picture-survey.ts'
import { headFeeds, squaresPerStep } from './batches.ts'
import type { HeadSquares } from './batches.ts'
import { differenceChannels } from './differences.ts'
import type { KnownFeatures } from './differences.ts'
import { featureSquares, labelledSquares } from './feature-maps.ts'
import type { FeatureSquare, FeatureSquares, SquareOptions } from './feature-maps.ts'
import { headNetwork, headOptimiser, headTraining } from './head.ts'
import { discriminativeDefaults, readDiscriminativeOptions } from './options.ts'
import type { DiscriminativeOptions } from './options.ts'
import { buildDiscriminativeGraph } from './scoring-graph.ts'

const family = 'discriminative'
const clipNorm = 1

export const discriminative: Detector = {
  family,
  description: 'A small trained head that tells features of good parts from spoilt ones (SuperSimpleNet)',
  defaults: { ...discriminativeDefaults },
  learnsDefects: 'optional',
  check: (given) => { checkScale(readDiscriminativeOptions(given)) },
  trainedOperators: (given) => drawnInTraining(readDiscriminativeOptions(given)),
  fit
}

/** Among what `drawSurfaceDefect` fills its shapes with; without drawings only features are spoilt. */
function drawnInTraining ({ drawings }: DiscriminativeOptions): FillName[] {
  return drawings === 0 ? [] : ['paste', 'tone', 'contrast']
}

async function fit (images: readonly GoodImage[], given: Readonly<Record<string, JsonValue>>, context: FitContext): Promise<FittedBundle> {
  const begun = performance.now()
  const options = readDiscriminativeOptions(given)
  const work = new FitWork(context)
  const split = calibrationSplit(images, work.random('calibration'))
  const backbone = await chosenBackbone(options)
  const pictures = await survey(images, work)
  // Where a patch memory sees drawn defects best; asking the head itself would mean training it at every scale.
  const { scale, size, normalisation, targetImagesPerSecond } = options
  const asked = { ...patchMemoryDefaults, scale, size, normalisation, whitening: true, bankSize: 1000, targetImagesPerSecond }
  const { settings, trials } = await work.remember('scale', () => chooseScale(asked, backbone, pictures.edge, split.kept, work, (tried) => untrainedModel(options, { backbone, ...tried })))
  const features = { backbone, layers: settings.layers, size: settings.size, normalisation: settings.normalisation }
  const projection = await learnProjection(features, { components: options.components, whitening: true }, split.kept, work.under('learning'))
  const lesson = { features, projection, colours: pictures.input.channels }
  const selected = options.augmentation !== 'auto'
    ? null
    : await work.remember('augmentation', () => selectAugmentation({
      images: split.kept,
      load: (some, part) => loadPictures(some, { size: features.size, channels: lesson.colours }, part),
      patch: null,
      nuisances: nuisanceNames,
      shifts: [],
      sets: ({ nuisances }) => [{ nuisances: [], shifts: [] }, { nuisances, shifts: [] }],
      trainedOperators: drawnInTraining(options),
      trial: async ({ nuisances }, some, part) => (await learnHead(some, { ...options, steps: Math.min(trialSteps, options.steps) }, { ...lesson, nuisances }, [], part)).model
    }, work))
  const nuisances = selected?.set.nuisances ?? namedNuisances(options.augmentation)
  const { model, known } = await learnHead(split.kept, options, { ...lesson, nuisances }, work.defects, work.learning())
  return finishBundle({
    family,
    name: `${family} ${settings.layers} ${settings.size}`,
    model,
    options: {
      ...options,
      scale: settings.layers,
      size: settings.size,
      normalisation: settings.normalisation,
      components: known.width,
      bankSize: known.entries.length / known.width,
      augmentation: asOption(nuisances)
    },
    split,
    pictures,
    trials,
    begun,
    augmentation: selected?.choice,
    ...(work.defects.length === 0 ? {} : { defects: await defectsOf(work) }),
    versions: { backbone: backbone.name }
  }, work)
}

/** As fast as the trained one. */
function untrainedModel ({ components, bankSize, hidden, mapSigma }: DiscriminativeOptions, features: FeatureOptions): Uint8Array {
  const { grid, channels } = featureGeometry(features)
  const width = Math.min(components, channels)
  const projection = { mean: new Float32Array(channels), matrix: new Float32Array(channels * width) }
  const weights = initialWeights(headNetwork({ channels: differenceChannels(width), grid, hidden }, 1).parameters, 0)
  return encodeModel(buildDiscriminativeGraph({ ...features, projection, known: { entries: new Float32Array(bankSize * width), width }, hidden, weights, mapSigma }))
}

type Lesson = Pick<SquareOptions, 'features' | 'projection' | 'colours' | 'nuisances'>

/** The serialised bundle graph, and what it knows of good parts. */
async function learnHead (images: readonly GoodImage[], options: DiscriminativeOptions, lesson: Lesson, defects: readonly DefectImage[], work: FitWork): Promise<{ model: Uint8Array, known: KnownFeatures }> {
  const { hidden, steps, learningRate, drawings, noise, bankSize, mapSigma } = options
  const square = { ...lesson, drawings, noise }
  const { squares, known } = await learnSquares(images, defects, square, bankSize, work)
  const { weights } = await train({
    network: headTraining({ channels: squares.channels, grid: squares.edge, hidden }, squaresPerStep(squares)),
    optimiser: headOptimiser,
    steps,
    learningRate: cosineSchedule({ base: learningRate, steps, warmUp: Math.min(20, Math.floor(steps / 10)) }),
    clipNorm,
    seed: work.seed,
    feeds: (step) => headFeeds(squares, work.seed, step)
  }, work)
  return { model: encodeModel(buildDiscriminativeGraph({ ...lesson.features, projection: lesson.projection, known, hidden, weights, mapSigma })), known }
}

async function defectsOf (work: FitWork): Promise<NonNullable<BundleMetadata['training']['defects']>> {
  const defects = work.defects.map((defect): GoodImage => ({ ...defect, calibration: false }))
  const images: { [className: string]: number } = {}
  for (const { className } of work.defects) images[className] = (images[className] ?? 0) + 1
  return { images, imageHashes: (await survey(defects, work.under('defects'))).hashesOf(defects) }
}

/**
 * Two halves of the parts, each known by a memory of the other: what a square differs from is never the part itself. The bundle knows both. Labelled
 * defects are seen by the same memories: a larger one would be nearer to them, and by that alone tell them from good parts.
 */
async function learnSquares (images: readonly GoodImage[], defects: readonly DefectImage[], options: Omit<SquareOptions, 'known'>, bankSize: number, work: FitWork): Promise<{ squares: HeadSquares, known: KnownFeatures }> {
  const width = options.projection.matrix.length / options.projection.mean.length
  const { kept, heldOut } = holdOut(images, { share: 0.5, atLeast: 1 }, work.random('trial'))
  const banks: Float32Array[] = []
  const squares: FeatureSquares[] = []
  const labelled: FeatureSquare[] = []
  for (const [known, cut] of [[kept, heldOut], [heldOut, kept]] as const) {
    const entries = await pickEntries(options.features, options.projection, Math.floor(bankSize / 2), known, work)
    banks.push(entries)
    const half = { ...options, known: { entries, width } }
    labelled.push(...await labelledSquares(defects.filter((_, index) => index % 2 === squares.length), half, work.under('defects')))
    squares.push(await featureSquares(cut, half, work, 0.5))
  }
  const [first, second] = squares as [FeatureSquares, FeatureSquares]
  return {
    squares: { ...first, good: [...first.good, ...second.good], spoilt: [...first.spoilt, ...second.spoilt], labelled },
    known: { entries: Float32Array.from(banks.flatMap((bank) => [...bank])), width }
  }
}
