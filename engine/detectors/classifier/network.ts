/** A small network that is trained together with its head: of residual blocks (He et al. 2016) or of MobileNet's inverted ones (Sandler et al. 2018). */
import type { Dimension } from '../../graph/graph.ts'
import { convolutionBlock, invertedResidualBlock, mobileBlock, residualBlock } from '../../training/network/blocks.ts'
import { globalAverage, linear } from '../../training/network/layers.ts'
import type { Statistics } from '../../training/network/layers.ts'
import { crossEntropy } from '../../training/network/losses.ts'
import { NetworkBuilder } from '../../training/network/network-builder.ts'
import type { FeatureMap, Network } from '../../training/network/network-builder.ts'
import type { Weights } from '../../training/network/parameter.ts'
import type { PictureGeometry } from '../network-pictures.ts'
import type { LinearHead } from './logistic-regression.ts'

export interface ClassifierNetworkSettings extends PictureGeometry {
  width: number
  blocks: 'residual' | 'inverted'
  classes: number
}

/** Pixels per position of its features. */
export const networkStride = 8
/** Of inverted blocks: small, as the network is. */
const expansion = 3

/** `picture` `(N, channels, size, size)` to `(N, 4 width, size / 8, size / 8)`. */
function addNetwork (network: NetworkBuilder, { size, channels, width, blocks }: ClassifierNetworkSettings, batch: Dimension, statistics: Statistics): FeatureMap {
  const picture = network.map('picture', batch, { channels, height: size, width: size })
  const stem = { channels: width, kernel: 4, stride: 2, padding: 1 }
  if (blocks === 'inverted') {
    let map = mobileBlock(network, 'classifier.1', picture, stem, statistics)
    for (const [name, times] of [['classifier.2', 2], ['classifier.3', 4]] as const) {
      map = invertedResidualBlock(network, `${name}.down`, map, { channels: times * width, stride: 2, expansion }, statistics)
      map = invertedResidualBlock(network, `${name}.same`, map, { channels: times * width, expansion }, statistics)
    }
    return map
  }
  const first = convolutionBlock(network, 'classifier.1', picture, stem)
  const second = residualBlock(network, 'classifier.2', first, { channels: 2 * width, stride: 2 })
  return residualBlock(network, 'classifier.3', second, { channels: 4 * width, stride: 2 })
}

/** `picture` to `features`, the map before the average. */
export function classifierFeatures (settings: ClassifierNetworkSettings, batch: Dimension): Network {
  const network = new NetworkBuilder('classifier features')
  const map = addNetwork(network, settings, batch, 'running')
  network.graph.output('features', map.value, 'float32', [batch, map.channels, map.height, map.width])
  return network.build()
}

/** The same with its head, and the cross-entropy against `targets` `(batch, classes)`, a one in each row. */
export function classifierTraining (settings: ClassifierNetworkSettings, batch: number): Network {
  const { classes } = settings
  const network = new NetworkBuilder('classifier training')
  const map = addNetwork(network, settings, batch, 'batch')
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
