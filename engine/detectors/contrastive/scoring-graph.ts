/** Bundle graphs of contrastive detectors: how far each place's features are from those of good parts. */
import { GraphBuilder } from '../../graph/builder.ts'
import type { Graph, Value } from '../../graph/graph.ts'
import { exportInference } from '../../training/network/export-inference.ts'
import type { Weights } from '../../training/network/parameter.ts'
import { addNormalised, addPictureInput } from '../network-pictures.ts'
import { addSmoothing } from '../backbone-features/smoothing.ts'
import { addDistance } from '../density/pooled.ts'
import type { Gaussian } from '../density/ledoit-wolf.ts'
import { addTopMean } from '../map-scores.ts'
import { addNearestSquared } from '../patch-memory/nearest-neighbour.ts'
import type { Bank } from '../patch-memory/nearest-neighbour.ts'
import { encoderStride, featureNetwork } from './encoder.ts'
import type { EncoderSettings } from './encoder.ts'

export interface ContrastiveGraphOptions extends EncoderSettings {
  size: number
  weights: Weights
  /** Pixels of the resized picture. */
  mapSigma: number
}

/** Share of the positions whose mean is the score. */
const topShare = 0.005

export function buildContrastiveGraph (options: ContrastiveGraphOptions, known: { bank: Bank } | { gaussian: Gaussian }): Graph {
  const builder = new GraphBuilder('contrastive')
  const grid = options.size / encoderStride
  const picture = addNormalised(builder, addPictureInput(builder, options))
  const { features = '' } = builder.include(exportInference(featureNetwork({ ...options, method: 'simclr' }, options.size, 'N'), options.weights), 'encoder', { picture })
  const channels = 4 * options.width
  addScoreAndMap(builder, 'bank' in known
    ? builder.node('Reshape', [addDistances(builder, features, known.bank), builder.whole(0, 1, grid, grid)])
    : addDistance(builder, builder.node('Reshape', [builder.node('Transpose', [features], { perm: [0, 2, 1] }), builder.whole(0, channels, grid, grid)]), known.gaussian, channels),
  grid, options)
  return builder.build()
}

/** `(N, P)`. @param features `(N, P, D)`. */
function addDistances (builder: GraphBuilder, features: Value, bank: Bank): Value {
  // A one stands beside every feature: a padded zero raised to it.
  const ones = builder.node('Pad', [features, builder.whole(0, 0, 0, 0, 0, 1), builder.scalar(1)], { mode: 'constant' })
  return builder.node('Sqrt', [addNearestSquared(builder, ones, bank)])
}

/** @param deviation `(N, 1, grid, grid)`. */
export function addScoreAndMap (builder: GraphBuilder, deviation: Value, grid: number, { mapSigma, size }: { mapSigma: number, size: number }): void {
  builder.output('score', addTopMean(builder, deviation, Math.ceil(topShare * grid * grid)), 'float32', ['N'])
  const map = addSmoothing(builder, deviation, mapSigma * grid / size)
  builder.output('map', builder.node('Squeeze', [map, builder.whole(1)]), 'float32', ['N', grid, grid])
}
