/** Density of a frozen backbone's features: a part is as bad as its features are improbable among those of good parts. */
import type { JsonValue } from '../../../schemas/bundle.ts'
import type { Backbone } from '../../backbones/backbone.ts'
import { encodeModel } from '../../graph/encode.ts'
import { candidateScales, checkScale } from '../backbone-features/candidate-scales.ts'
import type { Scale } from '../backbone-features/candidate-scales.ts'
import { askedBackbone, encoderOperators } from '../contrastive/encoder-backbone.ts'
import { featureGeometry } from '../backbone-features/feature-graph.ts'
import type { Detector, FitContext, FittedBundle, GoodImage } from '../detector.ts'
import { finishBundle } from '../finished-bundle.ts'
import { FitWork } from '../fit-work.ts'
import { calibrationSplit } from '../hold-out.ts'
import { survey } from '../picture-survey.ts'
import { chooseByProxy } from '../proxy-choice.ts'
import type { ProxyCandidate } from '../proxy-choice.ts'
import { densityDefaults, readDensityOptions } from './options.ts'
import type { DensityOptions } from './options.ts'
import { buildPooledGraph, learnPooled } from './pooled.ts'
import { automaticChannels, buildPositionGraph, learnPositions } from './position-wise.ts'

const family = 'density'

export const density: Detector = {
  family,
  description: 'Gaussians of the features of good parts, one of the whole picture or one of each position (PaDiM)',
  defaults: { ...densityDefaults },
  check: (given) => { checkScale(readDensityOptions(given)) },
  trainedOperators: (given) => encoderOperators(readDensityOptions(given)),
  fit
}

/** Of EfficientNet-Lite0's first ten blocks, roughly. */
const multiplicationsPerPixel = 5000

async function fit (images: readonly GoodImage[], given: Readonly<Record<string, JsonValue>>, context: FitContext): Promise<FittedBundle> {
  const begun = performance.now()
  const options = readDensityOptions(given)
  const work = new FitWork(context)
  const split = calibrationSplit(images, work.random('calibration'))
  const pictures = await survey(images, work)
  const { backbone, size } = await askedBackbone(options, split.kept, pictures.input.channels, work.learning())
  const candidates = candidateScales({ ...options, size }, backbone, pictures.edge).map((scale) => candidate(scale, options, backbone))
  const { chosen, trials } = await chooseByProxy(candidates, split.kept, options.targetImagesPerSecond, work)
  return finishBundle({
    family,
    name: `${family} ${options.model} ${chosen.layers} ${chosen.size}`,
    model: await chosen.learn(split.kept, work.under('learning')),
    options: { ...options, scale: chosen.layers, size: chosen.size, channels: chosen.channels },
    split,
    pictures,
    trials,
    begun,
    versions: { backbone: backbone.name }
  }, work)
}

function candidate ({ layers, size }: Scale, options: DensityOptions, backbone: Backbone): ProxyCandidate & { channels: number } {
  const features = { backbone, layers, size, normalisation: options.normalisation, mapSigma: options.mapSigma }
  const { grid, channels: all } = featureGeometry(features)
  const pooled = options.model === 'pooled'
  const channels = pooled ? all : Math.min(all, options.channels === 'auto' ? automaticChannels(features) : options.channels)
  return {
    layers,
    size,
    channels,
    settings: { model: options.model, channels },
    cost: multiplicationsPerPixel * size * size + grid * grid * channels * channels,
    learn: async (images, work) => encodeModel(pooled
      ? buildPooledGraph(features, await learnPooled(features, images, work))
      : buildPositionGraph(features, await learnPositions(features, channels, images, work)))
  }
}
