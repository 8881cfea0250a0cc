/**
 * The bundle graph of a classifier: convolutional feature map, GlobalAveragePool, Gemm. The head over the features before the pooling is the map
 * (class activation mapping, Zhou et al. 2016): for two classes its mean is the score.
 */
import { GraphBuilder } from '../../graph/builder.ts'
import type { Graph, Value } from '../../graph/graph.ts'
import { addFeatures, featureGeometry } from '../backbone-features/feature-graph.ts'
import type { FeatureOptions } from '../backbone-features/feature-graph.ts'
import { addSmoothing } from '../backbone-features/smoothing.ts'
import type { LinearHead } from './logistic-regression.ts'

/** What the head looks at. */
export interface FeatureMaker {
  /** Edge in pixels that pictures are resized to. */
  size: number
  /** Of the map, along one edge. */
  grid: number
  channels: number
  /** `(N, channels, grid, grid)`; adds the input `image`. */
  add (builder: GraphBuilder): Value
}

export function frozenFeatures (options: FeatureOptions): FeatureMaker {
  return { size: options.size, ...featureGeometry(options), add: (builder) => addFeatures(builder, options) }
}

/**
 * `image` uint8 `(N, H, W, C)` to `score` float32 `(N)`, the log-odds of any defect against good; `map` float32 `(N, grid, grid)`, the same at each
 * position; `classes` float32 `(N, K)`, the logits, `good` first.
 */
export function buildClassifierGraph (maker: FeatureMaker, { weights, bias }: LinearHead, mapSigma: number): Graph {
  const { size, grid, channels } = maker
  const count = bias.length
  const builder = new GraphBuilder('classifier')
  const features = maker.add(builder)
  const pooled = builder.node('Flatten', [builder.node('GlobalAveragePool', [features])], { axis: 1 })
  const logits = builder.node('Gemm', [pooled, builder.constant(weights, [count, channels], 'head-weights'), builder.constant(bias, [count], 'head-bias')], { transB: 1 })
  const activation = builder.node('Conv', [features, builder.constant(weights, [count, channels, 1, 1], 'activation-weights'), builder.constant(bias, [count], 'activation-bias')])
  const map = addSmoothing(builder, addLogOdds(builder, activation, count), mapSigma * grid / size)
  builder.output('score', builder.node('Squeeze', [addLogOdds(builder, logits, count), builder.whole(1)]), 'float32', ['N'])
  builder.output('map', builder.node('Squeeze', [map, builder.whole(1)]), 'float32', ['N', grid, grid])
  builder.output('classes', logits, 'float32', ['N', count])
  return builder.build()
}

/** log Σ exp of the defects' logits less that of good, along axis 1, which stays with one entry. */
function addLogOdds (builder: GraphBuilder, logits: Value, count: number): Value {
  const part = (from: number, to: number): Value => builder.node('Slice', [logits, builder.whole(from), builder.whole(to), builder.whole(1)])
  const defects = part(1, count)
  const any = count === 2 ? defects : builder.node('ReduceLogSumExp', [defects, builder.whole(1)], { keepdims: 1 })
  return builder.node('Sub', [any, part(0, 1)])
}
