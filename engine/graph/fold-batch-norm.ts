/** Folds batch normalisations in evaluation mode into the convolutions before them. */
import { constantTensor, floatsOf } from './constant-tensor.ts'
import { valuesRead } from './graph.ts'
import type { ConstantTensor, Graph, GraphNode } from './graph.ts'

export interface BatchNorm {
  scale: Float32Array
  shift: Float32Array
  mean: Float32Array
  variance: Float32Array
  epsilon: number
}

/**
 * Convolution weights `(M, C/g, kh, kw)` and bias `(M)` with the normalisation inside:
 * `W' = W s / sqrt(v + e)`, `b' = (b - m) s / sqrt(v + e) + t` (Ioffe and Szegedy 2015, § 3.1), computed in double precision.
 */
export function foldIntoWeights (weights: Float32Array, bias: Float32Array | null, norm: BatchNorm): { weights: Float32Array, bias: Float32Array } {
  const channels = norm.scale.length
  const perChannel = weights.length / channels
  const gain = Float64Array.from(norm.scale, (scale, channel) => scale / Math.sqrt(at(norm.variance, channel) + norm.epsilon))
  return {
    weights: weights.map((weight, index) => weight * at(gain, Math.floor(index / perChannel))),
    bias: Float32Array.from({ length: channels }, (_, channel) =>
      ((bias === null ? 0 : at(bias, channel)) - at(norm.mean, channel)) * at(gain, channel) + at(norm.shift, channel))
  }
}

/** The graph with every BatchNormalization that directly and alone follows a Conv with constant weights folded into it. */
export function foldBatchNorm (graph: Graph): Graph {
  const constants = new Map(graph.constants)
  const nodes: GraphNode[] = []
  const reads = new Map<string, number>()
  for (const value of [...graph.nodes.flatMap(valuesRead), ...graph.outputs.map(({ name }) => name)]) reads.set(value, (reads.get(value) ?? 0) + 1)
  for (const node of graph.nodes) {
    const before = nodes.findIndex((candidate) => candidate.operator === 'Conv' && candidate.outputs[0] === node.inputs[0])
    const folded = node.operator === 'BatchNormalization' && before >= 0 && reads.get(node.inputs[0] ?? '') === 1
      ? foldOne(nodes[before] as GraphNode, node, constants)
      : null
    if (folded === null) nodes.push(node)
    else nodes.splice(before, 1, folded)
  }
  const read = new Set([...nodes.flatMap(valuesRead), ...graph.outputs.map(({ name }) => name)])
  return { ...graph, nodes, constants: new Map([...constants].filter(([name]) => read.has(name))) }
}

function foldOne (convolution: GraphNode, normalisation: GraphNode, constants: Map<string, ConstantTensor>): GraphNode | null {
  if (normalisation.attributes['training_mode']?.value === 1) return null
  const [, scale, shift, mean, variance] = normalisation.inputs.map((name) => constants.get(name))
  const weights = constants.get(convolution.inputs[1] ?? '')
  const biasName = convolution.inputs[2] ?? ''
  const bias = constants.get(biasName)
  if (scale === undefined || shift === undefined || mean === undefined || variance === undefined || weights === undefined) return null
  if (biasName !== '' && bias === undefined) return null
  const epsilon = normalisation.attributes['epsilon']
  const folded = foldIntoWeights(floatsOf(weights), bias === undefined ? null : floatsOf(bias), {
    scale: floatsOf(scale), shift: floatsOf(shift), mean: floatsOf(mean), variance: floatsOf(variance), epsilon: epsilon?.kind === 'float' ? epsilon.value : 1e-5
  })
  const output = normalisation.outputs[0] as string
  constants.set(`${output}/weights`, constantTensor(folded.weights, weights.dims))
  constants.set(`${output}/bias`, constantTensor(folded.bias))
  return { ...convolution, inputs: [convolution.inputs[0] as string, `${output}/weights`, `${output}/bias`], outputs: [output] }
}

function at (values: Float32Array | Float64Array, index: number): number {
  return values[index] as number
}
