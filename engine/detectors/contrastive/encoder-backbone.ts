/**
 * The encoder of contrastive learning in the place of a network from elsewhere: trained on crops of the good parts, its maps then stand where a
 * backbone's layers do.
 */
import type { Backbone } from '../../backbones/backbone.ts'
import type { Graph } from '../../graph/graph.ts'
import { exportInference } from '../../training/network/export-inference.ts'
import { NetworkBuilder } from '../../training/network/network-builder.ts'
import type { FeatureMap } from '../../training/network/network-builder.ts'
import type { Weights } from '../../training/network/parameter.ts'
import { greyLevels, loadPictures } from '../network-pictures.ts'
import type { PictureGeometry } from '../network-pictures.ts'
import { train } from '../../training/train.ts'
import { namedNuisances } from '../augmentation-selection/augmentation-option.ts'
import { chosenBackbone, selfTrained } from '../backbone-features/chosen-backbone.ts'
import type { EncoderOptions } from '../backbone-features/chosen-backbone.ts'
import type { FillName } from '../defect-fills.ts'
import type { GoodImage } from '../detector.ts'
import type { FitWork } from '../fit-work.ts'
import { spread } from '../proxy-choice.ts'
import { pastedInTraining } from './augmentation-sets.ts'
import { addEncoderLevels, encoderStride } from './encoder.ts'
import { contrastiveDefaults } from './options.ts'
import { contrastiveTraining } from './training.ts'

const { width } = contrastiveDefaults
/** Of the good parts, kept decoded while the encoder is trained. */
const mostPictures = 400

const first = { tensor: 'first', stride: encoderStride / 2, channels: 2 * width }
const last = { tensor: 'last', stride: encoderStride, channels: 4 * width }

/** What is known of it before it is trained. */
export const untrainedEncoder: Backbone = {
  name: selfTrained,
  path: '',
  mean: [greyLevels.mean, greyLevels.mean, greyLevels.mean],
  deviation: [greyLevels.deviation, greyLevels.deviation, greyLevels.deviation],
  layerSets: { fine: [first, last], standard: [last] }
}

/**
 * The network that the options ask for, trained on these pictures where it is to be, and the size that is left to choose: the encoder knows
 * parts as it was shown them, so it is asked at that size.
 * @param channels Of the pictures.
 * @throws GOODPARTS_ARGUMENT, GOODPARTS_GRAPH_INVALID, GOODPARTS_FIT_FAILED, GOODPARTS_FIT_CANCELLED.
 */
export async function askedBackbone (options: EncoderOptions & { size: 'auto' | number }, images: readonly GoodImage[], channels: 1 | 3, work: FitWork): Promise<{ backbone: Backbone, size: 'auto' | number }> {
  if (options.backbone !== selfTrained) return { backbone: await chosenBackbone(options), size: options.size }
  const size = options.size === 'auto' ? contrastiveDefaults.size : options.size
  const geometry: PictureGeometry = { size, channels }
  const settings = { ...contrastiveDefaults, size, patch: cropEdge(size), steps: options.encoderSteps }
  const pictures = await loadPictures(spread(images, mostPictures), geometry, work)
  const { weights } = await train(contrastiveTraining(pictures, channels, settings, namedNuisances(settings.augmentation), work.seed), work)
  return { backbone: { ...untrainedEncoder, graph: encoderGraph(geometry, weights) }, size }
}

/** Fills that training the network of these options draws; none of one that comes from elsewhere. */
export function encoderOperators ({ backbone }: Pick<EncoderOptions, 'backbone'>): FillName[] {
  return backbone === selfTrained ? pastedInTraining(contrastiveDefaults) : []
}

/** A quarter of the picture as far as the usual crop; whole positions of the last map. */
function cropEdge (size: number): number {
  return Math.min(size, contrastiveDefaults.patch, Math.max(4 * encoderStride, encoderStride * Math.floor(size / 4 / encoderStride)))
}

/** float32 `(N, 3, H, W)` to both maps; of grey pictures, whose three channels are alike, it looks at one. */
function encoderGraph ({ size, channels }: PictureGeometry, weights: Weights): Graph {
  const network = new NetworkBuilder('self-trained encoder')
  const { graph } = network
  const input = graph.input('picture', 'float32', ['N', 3, 'H', 'W'])
  const value = channels === 3 ? input : graph.node('Slice', [input, graph.whole(0), graph.whole(1), graph.whole(1)])
  const maps: Record<string, FeatureMap> = addEncoderLevels(network, { value, channels, height: size, width: size }, width)
  for (const layer of [first, last]) {
    graph.output(layer.tensor, maps[layer.tensor]?.value ?? '', 'float32', ['N', layer.channels, `H${layer.stride}`, `W${layer.stride}`])
  }
  return exportInference(network.build(), weights)
}
