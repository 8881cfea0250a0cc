/** The bundle graph of a discriminative detector: bytes in, `score` and `map` out. */
import { GraphBuilder } from '../../graph/builder.ts'
import type { Graph } from '../../graph/graph.ts'
import { exportInference } from '../../training/network/export-inference.ts'
import type { Weights } from '../../training/network/parameter.ts'
import { addProjectedFeatures, featureGeometry, negatedProduct } from '../backbone-features/feature-graph.ts'
import type { FeatureOptions, Projection } from '../backbone-features/feature-graph.ts'
import { addSmoothing } from '../backbone-features/smoothing.ts'
import { addDifferences, differenceChannels } from './differences.ts'
import type { KnownFeatures } from './differences.ts'
import { addTopMean } from '../map-scores.ts'
import { headNetwork } from './head.ts'

export interface DiscriminativeGraphOptions extends FeatureOptions {
  projection: Projection
  known: KnownFeatures
  hidden: number
  weights: Weights
  /** Standard deviation of the map's Gaussian smoothing in pixels of the resized picture; 0 for none. */
  mapSigma: number
}

/** Share of the positions whose mean is the score of the segmentation. */
const topShare = 0.002

/**
 * `score` is the mean of the most suspicious positions' logits plus the largest logit of the classification head; `map` holds the
 * segmentation's logits, smoothed.
 */
export function buildDiscriminativeGraph (options: DiscriminativeGraphOptions): Graph {
  const { grid } = featureGeometry(options)
  const { width } = options.known
  const builder = new GraphBuilder('discriminative')
  const features = addProjectedFeatures(builder, options, options.projection.matrix, negatedProduct(options.projection, width))
  const head = exportInference(headNetwork({ channels: differenceChannels(width), grid, hidden: options.hidden }, 'N'), options.weights)
  const { segmentation = '', classification = '' } = builder.include(head, 'head', { features: addDifferences(builder, features, options.known, grid) })
  const score = builder.node('Add', [addTopMean(builder, segmentation, Math.ceil(topShare * grid * grid)), builder.node('ReduceMax', [classification, builder.whole(1, 2, 3)], { keepdims: 0 })])
  builder.output('score', score, 'float32', ['N'])
  const smooth = addSmoothing(builder, segmentation, options.mapSigma * grid / options.size)
  builder.output('map', builder.node('Squeeze', [smooth, builder.whole(1)]), 'float32', ['N', grid, grid])
  return builder.build()
}
