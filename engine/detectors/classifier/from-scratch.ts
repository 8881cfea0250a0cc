/** A classifier whose network is trained from nothing on good parts and labelled defects. */
import { encodeModel } from '../../graph/encode.ts'
import { adamw } from '../../graph/optimisers/adamw.ts'
import { cosineSchedule } from '../../graph/optimisers/schedule.ts'
import { writePlanes } from '../../training/augment/float-image.ts'
import type { FloatImage } from '../../training/augment/float-image.ts'
import { varied } from '../../training/augment/nuisances.ts'
import type { NuisanceName } from '../../training/augment/nuisances.ts'
import { exportInference } from '../../training/network/export-inference.ts'
import { initialWeights } from '../../training/network/parameter.ts'
import type { Weights } from '../../training/network/parameter.ts'
import { addNormalised, addPictureInput, greyLevels, loadPictures } from '../network-pictures.ts'
import { drawn, stepRandom } from '../../training/step-random.ts'
import { train } from '../../training/train.ts'
import type { Feeds } from '../../training/train.ts'
import type { FitWork } from '../fit-work.ts'
import { spread } from '../proxy-choice.ts'
import { imagesPerSecondOf, tooSlow } from '../speed.ts'
import type { LabelledImages } from './choose-head.ts'
import { buildClassifierGraph } from './classifier-graph.ts'
import type { FeatureMaker } from './classifier-graph.ts'
import { classifierFeatures, classifierTraining, headOf, networkStride } from './network.ts'
import type { ClassifierNetworkSettings } from './network.ts'
import type { ClassifierOptions } from './options.ts'

/** Edge in pixels where none is given. */
export const usualSize = 128
const usualDecay = 0.01
const clipNorm = 1
/** Of each class, kept decoded. */
const mostPictures = 400
/** What leaves a good part good and a defect a defect. */
const nuisances: readonly NuisanceName[] = ['shift', 'contrast', 'brightness']

export interface ScratchClassifier {
  /** The serialised bundle graph. */
  model: Uint8Array
  size: number
  penalty: number
}

/**
 * Every class fills as many places of a step, however many pictures it has.
 * @param channels Of the pictures.
 * @throws GOODPARTS_FIT_FAILED when it is slower than asked for, or the loss is no number any more; GOODPARTS_FIT_CANCELLED.
 */
export async function trainClassifier (options: ClassifierOptions, { images, labels, classes }: LabelledImages, channels: 1 | 3, work: FitWork): Promise<ScratchClassifier> {
  const size = options.size === 'auto' ? usualSize : options.size
  const penalty = options.penalty === 'auto' ? usualDecay : options.penalty
  const { width, blocks, steps, learningRate, mapSigma, seed, targetImagesPerSecond: target } = { ...options, seed: work.seed }
  const batch = classes * Math.ceil(options.batch / classes)
  const settings: ClassifierNetworkSettings = { size, channels, width, blocks, classes }
  const modelOf = (weights: Weights): Uint8Array => encodeModel(buildClassifierGraph(trainedFeatures(settings, weights), headOf(weights, settings), mapSigma))
  const network = classifierTraining(settings, batch)
  if (target > 0) {
    const speed = await imagesPerSecondOf(modelOf(initialWeights(network.parameters, seed)), images, work)
    if (speed < target) throw tooSlow([speed], target)
  }
  const pictures: FloatImage[][] = []
  for (let label = 0; label < classes; label++) pictures.push(await loadPictures(spread(images.filter((_, index) => labels[index] === label), mostPictures), settings, work))
  const { weights } = await train({
    network,
    optimiser: adamw({ weightDecay: penalty }),
    steps,
    learningRate: cosineSchedule({ base: learningRate, steps, warmUp: Math.min(20, Math.floor(steps / 10)) }),
    clipNorm,
    seed,
    feeds: (step) => feeds(pictures, settings, batch, seed, step)
  }, work)
  return { model: modelOf(weights), size, penalty }
}

function trainedFeatures (settings: ClassifierNetworkSettings, weights: Weights): FeatureMaker {
  const { size, width } = settings
  return {
    size,
    grid: size / networkStride,
    channels: 4 * width,
    add: (builder) => {
      const picture = addNormalised(builder, addPictureInput(builder, settings))
      return builder.include(exportInference(classifierFeatures(settings, 'N'), weights), 'network', { picture })['features'] ?? ''
    }
  }
}

function feeds (pictures: ReadonlyArray<readonly FloatImage[]>, { size, channels, classes }: ClassifierNetworkSettings, batch: number, seed: number, step: number): Feeds {
  const random = stepRandom(seed, step)
  const picture = new Float32Array(batch * channels * size * size)
  const targets = new Float32Array(batch * classes)
  for (let place = 0; place < batch; place++) {
    const label = place % classes
    const [chosen] = drawn(pictures[label] ?? [], 1, random)
    writePlanes(varied(chosen as FloatImage, nuisances, random), picture, place, greyLevels)
    targets[place * classes + label] = 1
  }
  return {
    picture: { type: 'float32', dims: [batch, channels, size, size], data: picture },
    targets: { type: 'float32', dims: [batch, classes], data: targets }
  }
}
