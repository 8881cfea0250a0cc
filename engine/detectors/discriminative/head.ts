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

/**
 * The same with a loss: how well both heads find what `mask` marks. Of squares that `somewhere` `(batch, 1, 1, 1)` marks with 1 only that is known: there
 * the most suspicious position of each head is to be suspicious, and the others are left alone (as SuperSimpleNet, § 3.4, learns from labels without masks).
 */
export function headTraining (settings: HeadSettings, batch: number): Network {
  const { channels, grid, hidden } = settings
  const network = new NetworkBuilder('discriminative training')
  const { graph } = network
  const { segmentation, classification } = addHead(network, network.map('features', batch, { channels, height: grid, width: grid }), hidden)
  const mask = network.map('mask', batch, { channels: 1, height: grid, width: grid })
  const somewhere = network.map('somewhere', batch, { channels: 1, height: 1, width: 1 }).value
  const placed = graph.node('Sub', [graph.scalar(1), somewhere])
  const near = nearMask(network, mask)
  const terms: Value[] = [
    graph.node('Mul', [focalLoss(network, segmentation.value, mask.value, segmentationGamma, placed), graph.scalar(focalWeight)]),
    truncatedL1(network, segmentation.value, mask.value, margin, placed),
    focalLoss(network, classification.value, near, classificationGamma, placed),
    toldBySquare(network, segmentation.value, mask.value, somewhere),
    toldBySquare(network, classification.value, mask.value, somewhere)
  ]
  graph.output('loss', terms.reduce((sum, term) => graph.node('Add', [sum, term])), 'float32', [])
  return network.build()
}

/**
 * Whether the most suspicious position tells squares with a defect somewhere from good ones: `-log p`, the mean of both classes; nothing where
 * no square has a defect somewhere.
 */
function toldBySquare ({ graph }: NetworkBuilder, logits: Value, mask: Value, somewhere: Value): Value {
  const most = (value: Value): Value => graph.node('ReduceMax', [value, graph.whole(2, 3)], { keepdims: 1 })
  const one = graph.scalar(1)
  const any = graph.node('ReduceMax', [somewhere], { keepdims: 0 })
  const good = graph.node('Mul', [graph.node('Sub', [graph.node('Sub', [one, somewhere]), most(mask)]), any])
  const meanOver = (losses: Value, members: Value): Value => graph.node('Div', [
    graph.node('ReduceSum', [graph.node('Mul', [losses, members])], { keepdims: 0 }),
    graph.node('Add', [graph.node('ReduceSum', [members], { keepdims: 0 }), graph.scalar(1e-6)])
  ])
  const highest = most(logits)
  const sum = graph.node('Add', [
    meanOver(graph.node('Softplus', [graph.node('Neg', [highest])]), somewhere),
    meanOver(graph.node('Softplus', [highest]), good)
  ])
  return graph.node('Mul', [sum, graph.scalar(0.5)])
}

/** 1 for cells that hold some of the mask. */
function nearMask ({ graph }: NetworkBuilder, mask: FeatureMap): Value {
  return graph.node('MaxPool', [mask.value], { kernel_shape: [cell, cell], strides: [cell, cell], pads: [0, 0, 0, 0] })
}
