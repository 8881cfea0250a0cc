/**
 * Distillation (after EfficientAD, Batzner et al. 2024): a small student learns to say of good parts what a frozen backbone says of them. Of
 * anything else it says something different; an auto-encoder beside it notices what only the whole part shows.
 */
import type { JsonValue, ScaleTrial } from '../../../schemas/bundle.ts'
import type { Backbone } from '../../backbones/backbone.ts'
import { encodeModel } from '../../graph/encode.ts'
import { adamw } from '../../graph/optimisers/adamw.ts'
import { cosineSchedule } from '../../graph/optimisers/schedule.ts'
import { openSession } from '../../runtime/onnx-runtime.ts'
import { writePlanes } from '../../training/augment/float-image.ts'
import type { FloatImage } from '../../training/augment/float-image.ts'
import { nuisanceNames, varied } from '../../training/augment/nuisances.ts'
import type { NuisanceName } from '../../training/augment/nuisances.ts'
import { initialWeights } from '../../training/network/parameter.ts'
import { greyLevels, loadPictures } from '../network-pictures.ts'
import type { PictureGeometry } from '../network-pictures.ts'
import { drawn, stepRandom } from '../../training/step-random.ts'
import { train } from '../../training/train.ts'
import type { Feeds } from '../../training/train.ts'
import { asOption, namedNuisances } from '../augmentation-selection/augmentation-option.ts'
import { selectAugmentation, trialSteps } from '../augmentation-selection/select.ts'
import { checkScale } from '../backbone-features/candidate-scales.ts'
import { chosenBackbone } from '../backbone-features/chosen-backbone.ts'
import { featureGeometry } from '../backbone-features/feature-graph.ts'
import type { FeatureOptions } from '../backbone-features/feature-graph.ts'
import type { Detector, FitContext, FittedBundle, GoodImage } from '../detector.ts'
import { finishBundle } from '../finished-bundle.ts'
import { FitWork } from '../fit-work.ts'
import { calibrationSplit, holdOut } from '../hold-out.ts'
import { learnProjection } from '../patch-memory/memory.ts'
import { patchMemoryDefaults } from '../patch-memory/options.ts'
import type { PatchMemoryOptions } from '../patch-memory/options.ts'
import { chooseScale } from '../patch-memory/scale-choice.ts'
import { eachPictureMaps, quantiles } from './branch-scales.ts'
import { survey } from '../picture-survey.ts'
import type { PictureSurvey } from '../picture-survey.ts'
import { spread } from '../proxy-choice.ts'
import { imitationNetwork, imitationTraining } from './networks.ts'
import type { StudentSettings } from './networks.ts'
import { distillationDefaults, readDistillationOptions, sizedFor } from './options.ts'
import type { DistillationOptions, SizedOptions } from './options.ts'
import { buildBranchGraph, buildDistillationGraph } from './scoring-graph.ts'
import { componentsOf, teach } from './teacher.ts'

const family = 'distillation'
const clipNorm = 1
/** Pictures that are kept decoded, with what the teacher says of them. */
const mostPictures = 400
/** Share of them that only sets the scales of the branches: of what the student has learnt it says too little. */
const scaleShare = 0.1

export const distillation: Detector = {
  family,
  description: 'A small student of a frozen network, and an auto-encoder for what only the whole part shows (EfficientAD)',
  defaults: { ...distillationDefaults },
  check: (given) => { checkScale(sizedFor(readDistillationOptions(given), Infinity)) },
  fit
}

async function fit (images: readonly GoodImage[], given: Readonly<Record<string, JsonValue>>, context: FitContext): Promise<FittedBundle> {
  const begun = performance.now()
  const asked = readDistillationOptions(given)
  const work = new FitWork(context)
  const split = calibrationSplit(images, work.random('calibration'))
  const backbone = await chosenBackbone(asked)
  const pictures = await survey(images, work)
  const options = sizedFor(asked, pictures.edge)
  const { layers, size, trials } = await work.remember('scale', () => chooseTeacher(options, backbone, pictures, split.kept, work))
  const features = { backbone, layers, size, normalisation: 'backbone' as const }
  const geometry = { size, channels: pictures.input.channels }
  const selected = options.augmentation !== 'auto'
    ? null
    : await work.remember('augmentation', () => selectAugmentation({
      images: split.kept,
      load: (some, part) => loadPictures(some, geometry, part),
      patch: null,
      nuisances: nuisanceNames,
      shifts: [],
      sets: ({ nuisances }) => [{ nuisances: [], shifts: [] }, { nuisances, shifts: [] }],
      trainedOperators: [],
      trial: async ({ nuisances }, some, part) => (await learn(some, { ...options, steps: Math.min(trialSteps, options.steps) }, features, geometry, nuisances, part)).model
    }, work))
  const nuisances = selected?.set.nuisances ?? namedNuisances(options.augmentation)
  const { model, components } = await learn(split.kept, options, features, geometry, nuisances, work.learning())
  return finishBundle({
    family,
    name: `${family} ${layers} ${size}`,
    model,
    options: { ...options, scale: layers, size, components, augmentation: asOption(nuisances) },
    split,
    pictures,
    trials,
    begun,
    augmentation: selected?.choice,
    versions: { backbone: backbone.name }
  }, work)
}

/** Where a patch memory sees drawn defects best; asking students would mean training one at every scale. What has to be fast is the student with its teacher. */
async function chooseTeacher (options: SizedOptions, backbone: Backbone, { edge, input }: PictureSurvey, images: readonly GoodImage[], work: FitWork): Promise<{ layers: string, size: number, trials: ScaleTrial[] }> {
  const { scale, size, components, targetImagesPerSecond } = options
  if (scale !== 'auto' && size !== 'auto' && targetImagesPerSecond === 0) return { layers: scale, size, trials: [] }
  const asked: PatchMemoryOptions = { ...patchMemoryDefaults, scale, size, components, normalisation: 'backbone', whitening: true, bankSize: 1000, targetImagesPerSecond }
  const { settings, trials } = await chooseScale(asked, backbone, edge, images, work, (tried) => untrainedModel(options, { backbone, ...tried }, { size: tried.size, channels: input.channels }))
  return { layers: settings.layers, size: settings.size, trials }
}

/** As fast as the trained one. */
function untrainedModel (options: DistillationOptions, features: FeatureOptions, geometry: PictureGeometry): Uint8Array {
  const { grid, channels } = featureGeometry(features)
  const settings: StudentSettings = { ...options, ...geometry, grid, components: Math.min(options.components, channels) }
  const projection = { mean: new Float32Array(channels), matrix: new Float32Array(channels * settings.components) }
  const weights = initialWeights(imitationNetwork(settings, 1).parameters, 0)
  const scale = { low: 0, high: 1 }
  return encodeModel(buildDistillationGraph({ settings, weights, features, projection, mapSigma: options.mapSigma }, { student: scale, autoencoder: scale }))
}

/** The serialised bundle graph, and how many components there were. */
async function learn (images: readonly GoodImage[], options: DistillationOptions, features: FeatureOptions, geometry: PictureGeometry, nuisances: readonly NuisanceName[], work: FitWork): Promise<{ model: Uint8Array, components: number }> {
  const { kept, heldOut } = holdOut(spread(images, mostPictures), { share: scaleShare, atLeast: 2 }, work.random('trial'))
  const found = await learnProjection(features, { components: options.components, whitening: true }, kept, work)
  const untouched = await loadPictures(kept, geometry, work)
  const good = [...untouched, ...changed(untouched, nuisances, work)]
  const { projection, maps } = await teach(good, features, found, work)
  const settings: StudentSettings = { ...options, ...geometry, grid: featureGeometry(features).grid, components: componentsOf(projection) }
  const { weights } = await train({
    network: imitationTraining(settings, options.batch),
    optimiser: adamw({ weightDecay: 1e-5 }),
    steps: options.steps,
    learningRate: cosineSchedule({ base: options.learningRate, steps: options.steps, warmUp: Math.min(20, Math.floor(options.steps / 10)) }),
    clipNorm,
    seed: work.seed,
    feeds: (step) => feeds(good, maps, settings, options.batch, work.seed, step)
  }, work)
  const graph = { settings, weights, features, projection, mapSigma: options.mapSigma }
  const branches = await eachPictureMaps(await openSession(encodeModel(buildBranchGraph(graph)), { threads: work.threads }), heldOut, work)
  const model = encodeModel(buildDistillationGraph(graph, { student: quantiles(branches.student), autoencoder: quantiles(branches.autoencoder) }))
  return { model, components: settings.components }
}

/** A changed copy of each, as far as there is room: what the teacher says of it must be known, too. */
function changed (pictures: readonly FloatImage[], nuisances: readonly NuisanceName[], work: FitWork): FloatImage[] {
  if (nuisances.length === 0) return []
  const random = work.random('training')
  return spread(pictures, mostPictures - pictures.length).map((picture) => varied(picture, nuisances, random))
}

function feeds (pictures: readonly FloatImage[], maps: readonly Float32Array[], { size, channels, grid, components }: StudentSettings, batch: number, seed: number, step: number): Feeds {
  const picture = new Float32Array(batch * channels * size * size)
  const teacher = new Float32Array(batch * components * grid * grid)
  drawn([...pictures.keys()], batch, stepRandom(seed, step)).forEach((chosen, index) => {
    writePlanes(pictures[chosen] as FloatImage, picture, index, greyLevels)
    teacher.set(maps[chosen] as Float32Array, index * components * grid * grid)
  })
  return {
    picture: { type: 'float32', dims: [batch, channels, size, size], data: picture },
    teacher: { type: 'float32', dims: [batch, components, grid, grid], data: teacher }
  }
}
