/** A small residual network (He et al. 2016) that is trained together with its head. */
import type { Dimension } from '../../graph/graph.ts'
import { convolutionBlock, residualBlock } from '../../training/network/blocks.ts'
import { globalAverage, linear } from '../../training/network/layers.ts'
import { crossEntropy } from '../../training/network/losses.ts'
import { NetworkBuilder } from '../../training/network/network-builder.ts'
import type { FeatureMap, Network } from '../../training/network/network-builder.ts'
import type { Weights } from '../../training/network/parameter.ts'
import type { PictureGeometry } from '../network-pictures.ts'
import type { LinearHead } from './logistic-regression.ts'

export interface ClassifierNetworkSettings extends PictureGeometry {
  width: number
  classes: number
}

/** Pixels per position of its features. */
export const networkStride = 8

/** `(N, 4 width, size / 8, size / 8)`. */
function addNetwork (network: NetworkBuilder, picture: FeatureMap, width: number): FeatureMap {
  const first = convolutionBlock(network, 'classifier.1', picture, { channels: width, kernel: 4, stride: 2, padding: 1 })
  const second = residualBlock(network, 'classifier.2', first, { channels: 2 * width, stride: 2 })
  return residualBlock(network, 'classifier.3', second, { channels: 4 * width, stride: 2 })
}

/** `picture` to `features`, the map before the average. */
export function classifierFeatures ({ size, channels, width }: ClassifierNetworkSettings, batch: Dimension): Network {
  const network = new NetworkBuilder('classifier features')
  const map = addNetwork(network, network.map('picture', batch, { channels, height: size, width: size }), width)
  network.graph.output('features', map.value, 'float32', [batch, map.channels, map.height, map.width])
  return network.build()
}

/** The same with its head, and the cross-entropy against `targets` `(batch, classes)`, a one in each row. */
export function classifierTraining ({ size, channels, width, classes }: ClassifierNetworkSettings, batch: number): Network {
  const network = new NetworkBuilder('classifier training')
  const map = addNetwork(network, network.map('picture', batch, { channels, height: size, width: size }), width)
  const logits = linear(network, 'head', globalAverage(network, map), { inputs: map.channels, outputs: classes })
  network.graph.output('loss', crossEntropy(network, logits, network.graph.input('targets', 'float32', [batch, classes])), 'float32', [])
  return network.build()
}

/** The trained head as the bundle graph takes it: a row for each class. */
export function headOf (weights: Weights, { width, classes }: ClassifierNetworkSettings): LinearHead {
  const inputs = 4 * width
  const columns = weights['head.weight'] ?? new Float32Array(inputs * classes)
  return {
    weights: Float32Array.from({ length: inputs * classes }, (_, index) => columns[index % inputs * classes + Math.floor(index / inputs)] as number),
    bias: Float32Array.from(weights['head.bias'] ?? new Float32Array(classes))
  }
}
