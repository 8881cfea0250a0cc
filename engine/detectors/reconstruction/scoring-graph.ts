/** The bundle graph of a reconstruction: what the auto-encoder cannot make again, position by position. */
import { GraphBuilder } from '../../graph/builder.ts'
import type { Graph } from '../../graph/graph.ts'
import { exportInference } from '../../training/network/export-inference.ts'
import { structuralSimilarity } from '../../training/network/losses.ts'
import { NetworkBuilder } from '../../training/network/network-builder.ts'
import type { Weights } from '../../training/network/parameter.ts'
import { addNormalised, addPictureInput } from '../network-pictures.ts'
import { addSmoothing } from '../backbone-features/smoothing.ts'
import { addTopMean } from '../map-scores.ts'
import { autoencoderNetwork, valueRange } from './autoencoder.ts'
import type { AutoencoderSettings, ReconstructionLoss } from './autoencoder.ts'

export interface ReconstructionGraphOptions extends AutoencoderSettings {
  weights: Weights
  loss: ReconstructionLoss
  /** Standard deviation of the residual's Gaussian smoothing, pixels of the resized picture; 0 for none. */
  mapSigma: number
}

/** Share of the positions whose mean is the score. */
const topShare = 0.002

/** `score` is the mean of the largest residuals, `map` the smoothed residual: squared differences, or 1 - SSIM. */
export function buildReconstructionGraph (options: ReconstructionGraphOptions): Graph {
  const { size, channels } = options
  const builder = new GraphBuilder('reconstruction')
  const picture = addNormalised(builder, addPictureInput(builder, options))
  const network = exportInference(autoencoderNetwork(options, 'N'), options.weights)
  const { reconstruction = '' } = builder.include(network, 'autoencoder', { picture })
  const residual = builder.include(residualGraph(size, channels, options.loss), 'residual', { picture, reconstruction })['residual'] ?? ''
  const map = addSmoothing(builder, residual, options.mapSigma)
  builder.output('score', addTopMean(builder, map, Math.ceil(topShare * size * size)), 'float32', ['N'])
  builder.output('map', builder.node('Squeeze', [map, builder.whole(1)]), 'float32', ['N', size, size])
  return builder.build()
}

/** `(N, 1, size, size)`. */
function residualGraph (size: number, channels: 1 | 3, loss: ReconstructionLoss): Graph {
  const network = new NetworkBuilder('residual')
  const { graph } = network
  const geometry = { channels, height: size, width: size }
  const picture = network.map('picture', 'N', geometry)
  const reconstruction = network.map('reconstruction', 'N', geometry)
  const difference = graph.node('Sub', [picture.value, reconstruction.value])
  const residual = loss === 'l2'
    ? graph.node('ReduceMean', [graph.node('Mul', [difference, difference]), graph.whole(1)], { keepdims: 1 })
    : graph.node('Sub', [graph.scalar(1), structuralSimilarity(network, picture, reconstruction.value, valueRange)])
  graph.output('residual', residual, 'float32', ['N', 1, size, size])
  return network.build().graph
}
