/** Graphs of older operator sets, as exporters wrote them, in the terms of the one that the house uses. */
import { GoodpartsError } from '../errors.ts'
import { operatorSet } from './builder.ts'
import { constantTensor } from './constant-tensor.ts'
import type { Attribute, ConstantTensor, Graph, GraphNode } from './graph.ts'

/** Operators whose `axes` became an input, by the version from which on they are one. */
const axesInput: Readonly<Record<string, number>> = Object.fromEntries([
  ...['Squeeze', 'Unsqueeze', 'ReduceSum'].map((operator): [string, number] => [operator, 13]),
  ...['Mean', 'Max', 'Min', 'Prod', 'L1', 'L2', 'LogSum', 'LogSumExp', 'SumSquare'].map((reduction): [string, number] => [`Reduce${reduction}`, 18])
])

/** Operators whose meaning changed after version 11 in a way that attributes do not show. */
const changedMeaning: Readonly<Record<string, number>> = { Softmax: 13, LogSoftmax: 13, Hardmax: 13 }

/** Operators that came, or whose meaning changed, after operator set 18, by the version that did it. */
const newer: Readonly<Record<string, number>> = {
  DeformConv: 19,
  AffineGrid: 20,
  DFT: 20,
  Gelu: 20,
  GridSample: 20,
  GroupNormalization: 21,
  Attention: 23,
  RMSNormalization: 23,
  RotaryEmbedding: 23,
  Swish: 24
}

const oldest = 11

/**
 * The same graph under operator set 18. Of newer sets the operators are taken as they are named where they mean the same in 18, as
 * most do that convolutional networks are made of. Other domains stay.
 * @param replaced Operators that the caller puts others in the place of, and that may therefore be newer.
 * @throws GOODPARTS_GRAPH_INVALID for sets before 11, and for nodes whose meaning cannot be kept.
 */
export function raiseOperatorSet (graph: Graph, replaced: readonly string[] = []): Graph {
  const from = graph.operatorSets[''] ?? operatorSet
  if (from === operatorSet) return graph
  if (from < oldest) {
    throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected graph ${graph.name} to use operator set ${oldest} or later, got ${from}`,
      { fix: `Export the model again with operator set ${operatorSet}.` })
  }
  const tooNew = graph.nodes.find(({ domain, operator }) => domain === '' && from >= (newer[operator] ?? Infinity) && !replaced.includes(operator))
  if (tooNew !== undefined) {
    throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected operators as they are in operator set ${operatorSet}, got ${tooNew.operator} of operator set ${from} at node ${tooNew.name}`,
      { fix: `Export the model again with operator set ${operatorSet}.` })
  }
  const constants = new Map(graph.constants)
  const nodes = graph.nodes.map((node) => raiseNode(node, from, constants))
  return { ...graph, operatorSets: { ...graph.operatorSets, '': operatorSet }, constants, nodes }
}

function raiseNode (node: GraphNode, from: number, constants: Map<string, ConstantTensor>): GraphNode {
  if (node.domain !== '') return node
  if (from < (changedMeaning[node.operator] ?? 0) && node.attributes['axis']?.value !== -1) {
    throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected ${node.operator} ${node.name} to run along the last axis in operator set ${from}, got another axis`)
  }
  if (from < (axesInput[node.operator] ?? 0)) return attributeToInput(node, 'axes', constants)
  if (node.operator === 'Split' && from < operatorSet) {
    const split = from < 13 ? attributeToInput(node, 'split', constants) : node
    const parts: Attribute = { kind: 'int', value: node.outputs.length }
    return split.inputs.length > 1 ? split : { ...split, attributes: { ...split.attributes, num_outputs: parts } }
  }
  return node
}

function attributeToInput (node: GraphNode, name: string, constants: Map<string, ConstantTensor>): GraphNode {
  const { [name]: attribute, ...attributes } = node.attributes
  if (attribute === undefined) return node
  if (attribute.kind !== 'ints') throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected ${name} of ${node.operator} ${node.name} to be whole numbers, got ${attribute.kind}`)
  const input = `${node.outputs[0] ?? node.name}/${name}`
  constants.set(input, constantTensor(BigInt64Array.from(attribute.value, BigInt)))
  return { ...node, inputs: [...node.inputs, input], attributes }
}
