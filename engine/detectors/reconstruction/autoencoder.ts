/**
 * A convolutional auto-encoder (after Bergmann et al. 2019): pictures go through a narrow middle that has room for what good parts have in
 * common, and for little else.
 */
import type { Dimension } from '../../graph/graph.ts'
import { convolutionBlock, upsamplingBlock } from '../../training/network/blocks.ts'
import { convolution } from '../../training/network/layers.ts'
import { NetworkBuilder } from '../../training/network/network-builder.ts'
import type { FeatureMap, Network } from '../../training/network/network-builder.ts'
import { meanOf, meanSquares, structuralSimilarity } from '../../training/network/losses.ts'
import type { PictureGeometry } from '../network-pictures.ts'

export type ReconstructionLoss = 'l2' | 'ssim'

export interface AutoencoderSettings extends PictureGeometry {
  /** Channels of the first layer; deeper ones have up to four times as many. */
  width: number
  /** Channels of the narrow middle, at a sixteenth of the size. */
  bottleneck: number
}

/** Halvings on the way in. */
const depth = 4
/** What pictures differ by at most, as networks see them: -1 … 1. */
export const valueRange = 2
/** Beside 1 - SSIM, which alone leaves brightness loose. */
const squaresBesideSimilarity = 0.5

/** @param picture `(N, C, size, size)`, a multiple of 16. */
export function addAutoencoder (network: NetworkBuilder, picture: FeatureMap, { width, bottleneck }: AutoencoderSettings): FeatureMap {
  const channels = (level: number): number => width * Math.min(4, 2 ** level)
  let map = picture
  for (let level = 0; level < depth; level++) map = convolutionBlock(network, `encoder.${level}`, map, { channels: channels(level), kernel: 4, stride: 2, padding: 1 })
  map = convolution(network, 'bottleneck', map, { channels: bottleneck, kernel: 1, gain: 1 })
  for (let level = depth - 1; level >= 0; level--) map = upsamplingBlock(network, `decoder.${level}`, map, channels(Math.max(0, level - 1)))
  return convolution(network, 'picture', map, { channels: picture.channels, gain: 1 })
}

/** `picture` `(N, C, size, size)` to `reconstruction`. */
export function autoencoderNetwork (settings: AutoencoderSettings, batch: Dimension): Network {
  const network = new NetworkBuilder('autoencoder')
  const { size, channels } = settings
  const made = addAutoencoder(network, network.map('picture', batch, { channels, height: size, width: size }), settings)
  network.graph.output('reconstruction', made.value, 'float32', [batch, channels, size, size])
  return network.build()
}

export function autoencoderTraining (settings: AutoencoderSettings, loss: ReconstructionLoss, batch: number): Network {
  const network = new NetworkBuilder('autoencoder training')
  const { graph } = network
  const { size, channels } = settings
  const picture = network.map('picture', batch, { channels, height: size, width: size })
  const made = addAutoencoder(network, picture, settings)
  const squares = meanSquares(network, picture.value, made.value)
  if (loss === 'l2') {
    graph.output('loss', squares, 'float32', [])
    return network.build()
  }
  const dissimilar = graph.node('Sub', [graph.scalar(1), meanOf(network, structuralSimilarity(network, picture, made.value, valueRange))])
  graph.output('loss', graph.node('Add', [dissimilar, graph.node('Mul', [squares, graph.scalar(squaresBesideSimilarity)])]), 'float32', [])
  return network.build()
}
