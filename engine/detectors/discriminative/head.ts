/**
 * The head that tells good features from spoilt ones (after SuperSimpleNet, Rolih et al. 2024, § 3): an adaptor, a segmentation head per
 * position, and a classification head that looks at a wider neighbourhood of both.
 */
import type { Dimension, Value } from '../../graph/graph.ts'
import { adamw } from '../../graph/optimisers/adamw.ts'
import type { Optimiser } from '../../graph/optimisers/optimiser.ts'
import { convolution, leakyRelu, relu } from '../../training/network/layers.ts'
import { focalLoss, truncatedL1 } from '../../training/network/losses.ts'
import { NetworkBuilder } from '../../training/network/network-builder.ts'
import type { FeatureMap, Network } from '../../training/network/network-builder.ts'

export interface HeadSettings {
  /** Of the features. */
  channels: number
  /** Positions along one edge of the features. */
  grid: number
  /** Channels of the segmentation head. */
  hidden: number
}

/** Positions along one edge that the classification head takes together. */
export const cell = 4
const classificationChannels = 48
const segmentationGamma = 4
const classificationGamma = 2
/** Logits beyond it are far enough on their side. */
const margin = 0.5
/** The focal term is small by its exponent; so many times as much makes the terms alike at the start. */
const focalWeight = 5

export const headOptimiser: Optimiser = adamw({ weightDecay: 1e-2 })

export interface HeadOutputs {
  /** Logits `(N, 1, grid, grid)`. */
  segmentation: FeatureMap
  /** Logits `(N, 1, grid / cell, grid / cell)`: is there a defect near this cell. */
  classification: FeatureMap
}

export function addHead (network: NetworkBuilder, features: FeatureMap, hidden: number): HeadOutputs {
  const { graph } = network
  const adapted = convolution(network, 'adaptor', features, { channels: features.channels, kernel: 1, gain: 1 })
  const inner = leakyRelu(network, convolution(network, 'segmentation.first', adapted, { channels: hidden, kernel: 1 }))
  const segmentation = convolution(network, 'segmentation.last', inner, { channels: 1, kernel: 1, gain: 1 })
  const together = { kernel_shape: [cell, cell], strides: [cell, cell], pads: [0, 0, 0, 0] }
  const [height, width] = [Math.floor(features.height / cell), Math.floor(features.width / cell)]
  const value = graph.node('Concat', [graph.node('AveragePool', [adapted.value], together), graph.node('MaxPool', [segmentation.value], together)], { axis: 1 })
  const around = relu(network, convolution(network, 'classification.first', { value, channels: features.channels + 1, height, width }, { channels: classificationChannels }))
  const classification = convolution(network, 'classification.last', around, { channels: 1, kernel: 3, gain: 1 })
  return { segmentation, classification }
}

/** Inputs `features` `(batch, channels, grid, grid)` and, for training, `mask` `(batch, 1, grid, grid)` of 0 and 1; outputs both logits, and the loss. */
export function headNetwork ({ channels, grid, hidden }: HeadSettings, batch: Dimension): Network {
  const network = new NetworkBuilder('discriminative head')
  const { graph } = network
  const { segmentation, classification } = addHead(network, network.map('features', batch, { channels, height: grid, width: grid }), hidden)
  graph.output('segmentation', segmentation.value, 'float32', [batch, 1, grid, grid])
  graph.output('classification', classification.value, 'float32', [batch, 1, classification.height, classification.width])
  return network.build()
}

/** The same with a loss: how well both heads find what `mask` marks. */
export function headTraining (settings: HeadSettings, batch: number): Network {
  const { channels, grid, hidden } = settings
  const network = new NetworkBuilder('discriminative training')
  const { graph } = network
  const { segmentation, classification } = addHead(network, network.map('features', batch, { channels, height: grid, width: grid }), hidden)
  const mask = network.map('mask', batch, { channels: 1, height: grid, width: grid })
  const near = nearMask(network, mask)
  const terms: Value[] = [
    graph.node('Mul', [focalLoss(network, segmentation.value, mask.value, segmentationGamma), graph.scalar(focalWeight)]),
    truncatedL1(network, segmentation.value, mask.value, margin),
    focalLoss(network, classification.value, near, classificationGamma)
  ]
  graph.output('loss', terms.reduce((sum, term) => graph.node('Add', [sum, term])), 'float32', [])
  return network.build()
}

/** 1 for cells that hold some of the mask. */
function nearMask ({ graph }: NetworkBuilder, mask: FeatureMap): Value {
  return graph.node('MaxPool', [mask.value], { kernel_shape: [cell, cell], strides: [cell, cell], pads: [0, 0, 0, 0] })
}
