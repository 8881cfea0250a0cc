/**
 * A small convolutional classifier that begins at random weights: four convolutions with group normalisation, the mean over all positions, a linear
 * head. For pictures of some tens of pixels; nothing of it comes from other data.
 */
import type { Dimension, Value } from '../../graph/graph.ts'
import { convolutionBlock } from '../../training/network/blocks.ts'
import { globalAverage, linear } from '../../training/network/layers.ts'
import { crossEntropy } from '../../training/network/losses.ts'
import { NetworkBuilder, type FeatureMap, type Network } from '../../training/network/network-builder.ts'

export interface ScratchShape {
  /** Of the grey square that it sees. */
  edge: number
  /** Outputs of the head; those of classes to come are there from the beginning. */
  classes: number
}

const channels = [16, 32, 64, 96] as const

/** Numbers of the representation that the head reads. */
export const representationWidth = channels[3]

export const headWeight = 'head.weight'
export const headBias = 'head.bias'

/** Input `pictures` float32 `(batch, 1, edge, edge)`, output `features` `(batch, 96)`. */
function represent (network: NetworkBuilder, batch: Dimension, edge: number): Value {
  let map: FeatureMap = network.map('pictures', batch, { channels: 1, height: edge, width: edge })
  for (const [index, count] of channels.entries()) map = convolutionBlock(network, `block${index + 1}`, map, { channels: count, stride: index === 0 ? 1 : 2 })
  return globalAverage(network, map)
}

/** Inputs `pictures` and `target` `(batch, classes)`, rows that sum to one, or to zero to count nothing; output `loss`, their mean cross-entropy over the batch. */
export function trainingNetwork (batch: number, { edge, classes }: ScratchShape): Network {
  const network = new NetworkBuilder('network from scratch')
  const logits = linear(network, 'head', represent(network, batch, edge), { inputs: representationWidth, outputs: classes })
  network.graph.output('loss', crossEntropy(network, logits, network.graph.input('target', 'float32', [batch, classes])), 'float32', [])
  return network.build()
}

/** Input `pictures` of any number and the weights of the convolutions; output `features`. */
export function representationNetwork (edge: number): Network {
  const network = new NetworkBuilder('representation')
  network.graph.output('features', represent(network, 'N', edge), 'float32', ['N', representationWidth])
  return network.build()
}
