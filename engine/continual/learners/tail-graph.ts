/** The tail of a backbone under a linear head, as graphs: its last block from the activations before it, and what that block gives beside frozen features. */
import { loadBackbone, type Backbone, type BackboneLayer } from '../../backbones/backbone.ts'
import { GoodpartsError } from '../../errors.ts'
import { GraphBuilder } from '../../graph/builder.ts'
import { floatsOf } from '../../graph/constant-tensor.ts'
import { cutAt } from '../../graph/edit.ts'
import type { Graph, Value } from '../../graph/graph.ts'

export interface TailBlock {
  /** One input, the activations `(N, C, H, W)`; one output of the same shape. */
  graph: Graph
  /** Constants of the graph that are trained, and what they are before. */
  weights: Readonly<Record<Value, Float32Array>>
  channels: number
}

/** Activations `(C, H, W)` at the cut. */
export interface Latent { data: Float32Array, channels: number, height: number, width: number }

/** The coarsest layer that the backbone offers. */
export function lastLayer ({ layerSets }: Backbone): BackboneLayer {
  return Object.values(layerSets).flat().reduce((coarsest, layer) => layer.stride * 10_000 + layer.channels > coarsest.stride * 10_000 + coarsest.channels ? layer : coarsest)
}

/** The value that the last block of a backbone adds its own result to. @throws GOODPARTS_GRAPH_INVALID where the last layer is no residual block */
export function cutBefore (graph: Graph, { tensor }: BackboneLayer): Value {
  const writer = (value: Value): Graph['nodes'][number] | undefined => graph.nodes.find(({ outputs }) => outputs.includes(value))
  let last = writer(tensor)
  while (last?.operator === 'Identity') last = writer(last.inputs[0] ?? '')
  const skipped = last?.operator === 'Add' ? last.inputs[1] : undefined
  if (skipped === undefined || writer(skipped) === undefined) throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected ${tensor} of ${graph.name} to be the sum of a residual block, got ${last?.operator ?? 'nothing'}`)
  return skipped
}

/** @throws GOODPARTS_GRAPH_INVALID as `cutBefore` */
export function tailBlock (backbone: Backbone): TailBlock {
  const layer = lastLayer(backbone)
  const whole = loadBackbone(backbone, [layer])
  const cut = cutBefore(whole, layer)
  const graph = cutAt({ ...whole, inputs: [{ name: cut, type: 'float32', shape: ['N', layer.channels, 'H', 'W'] }], nodes: whole.nodes.filter(({ outputs }) => !outputs.includes(cut)) }, [layer.tensor])
  const weights = graph.nodes.filter(({ operator }) => operator === 'Conv').flatMap(({ inputs }) => inputs.slice(1))
  return { graph, weights: Object.fromEntries(weights.map((name) => [name, floatsOf(graph.constants.get(name) as Parameters<typeof floatsOf>[0])])), channels: layer.channels }
}

export interface TailShape {
  batch: number
  classes: number
  /** Numbers in a frozen feature vector. */
  features: number
  height: number
  width: number
}

/** Name of a block's constant in the graph of `tailGraph`. */
export function blockWeight (name: Value): Value {
  return `block/${name}`
}

export const headWeights = 'head-weights'
export const headBias = 'head-bias'

/**
 * Inputs `latent` `(B, C, H, W)`, `features` `(B, F)`, `target` `(B, K)`, each row a share of the loss, `centre` and `gain` `(1, C)`, the head's weights
 * `(K, F + C)` and bias `(K)`. Outputs `loss`, the cross-entropy; `logits` `(B, K)`; `pooled` `(B, C)`, the means of the block before they are standardised.
 */
export function tailGraph ({ graph, channels }: TailBlock, { batch, classes, features, height, width }: TailShape): Graph {
  const builder = new GraphBuilder('tail')
  const latent = builder.input('latent', 'float32', [batch, channels, height, width])
  const frozen = builder.input('features', 'float32', [batch, features])
  const target = builder.input('target', 'float32', [batch, classes])
  const centre = builder.input('centre', 'float32', [1, channels])
  const gain = builder.input('gain', 'float32', [1, channels])
  const weights = builder.input(headWeights, 'float32', [classes, features + channels])
  const bias = builder.input(headBias, 'float32', [classes])
  const outputs = builder.include(graph, 'block', { [graph.inputs[0]?.name ?? '']: latent })
  const pooled = builder.node('Flatten', [builder.node('GlobalAveragePool', [outputs[graph.outputs[0]?.name ?? ''] ?? ''])], { axis: 1 })
  const standard = builder.node('Mul', [builder.node('Sub', [pooled, centre]), gain])
  const logits = builder.node('Gemm', [builder.node('Concat', [frozen, standard], { axis: 1 }), weights, bias], { transB: 1 })
  const shares = builder.node('Mul', [target, builder.node('LogSoftmax', [logits], { axis: 1 })])
  const loss = builder.node('Neg', [builder.node('ReduceSum', [shares], { keepdims: 0 })])
  builder.output('loss', loss, 'float32', [])
  builder.output('logits', logits, 'float32', [batch, classes])
  builder.output('pooled', pooled, 'float32', [batch, channels])
  return builder.build()
}
