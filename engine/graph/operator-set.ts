/** Graphs of older operator sets, as exporters wrote them, in the terms of the one that the house uses. */
import { GoodpartsError } from '../errors.ts'
import { operatorSet } from './builder.ts'
import { constantTensor } from './constant-tensor.ts'
import type { Attribute, Attributes, ConstantTensor, Graph, GraphNode, Value } from './graph.ts'

/** Operators whose `axes` became an input, by the version from which on they are one. */
const axesInput: Readonly<Record<string, number>> = Object.fromEntries([
  ...['Squeeze', 'Unsqueeze', 'ReduceSum'].map((operator): [string, number] => [operator, 13]),
  ...['Mean', 'Max', 'Min', 'Prod', 'L1', 'L2', 'LogSum', 'LogSumExp', 'SumSquare'].map((reduction): [string, number] => [`Reduce${reduction}`, 18])
])

/** Operators that ran over all axes from `axis` on, flattened to one, before this version; `axis` was 1 where it was not given. */
const flattening: Readonly<Record<string, number>> = { Softmax: 13, LogSoftmax: 13, Hardmax: 13 }

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
 * @throws GOODPARTS_GRAPH_INVALID for sets before 11, and for operators that changed their meaning later.
 */
export function raiseOperatorSet (graph: Graph, replaced: readonly string[] = []): Graph {
  const from = graph.operatorSets[''] ?? operatorSet
  if (from === operatorSet) return graph
  if (from < oldest) {
    throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected graph ${graph.name} to use operator set ${oldest} or later, got ${from}`,
      { fix: `Export the model again with operator set ${operatorSet}.` })
  }
  return { ...raiseBody(graph, { from, replaced, ranks: new Map() }), operatorSets: { ...graph.operatorSets, '': operatorSet } }
}

/** What holds for a graph and the bodies within it. */
interface Raising {
  from: number
  replaced: readonly string[]
  /** Of values whose rank is written down around the graph. */
  ranks: ReadonlyMap<Value, number>
}

function raiseBody (graph: Graph, around: Raising): Graph {
  const { from, replaced } = around
  const tooNew = graph.nodes.find(({ domain, operator }) => domain === '' && from >= (newer[operator] ?? Infinity) && !replaced.includes(operator))
  if (tooNew !== undefined) {
    throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected operators as they are in operator set ${operatorSet}, got ${tooNew.operator} of operator set ${from} at node ${tooNew.name}`,
      { fix: `Export the model again with operator set ${operatorSet}.` })
  }
  const constants = new Map(graph.constants)
  const ranks = new Map([...around.ranks, ...ranksOf(graph)])
  const nodes = graph.nodes.flatMap((node) => raiseNode(raiseBodiesOf(node, { from, ranks }), from, constants, ranks))
  return { ...graph, constants, nodes }
}

/** In the bodies of control flow no caller puts other operators in the place of any. */
function raiseBodiesOf (node: GraphNode, around: Omit<Raising, 'replaced'>): GraphNode {
  const attributes = Object.entries(node.attributes).map(([name, attribute]): [string, Attribute] =>
    [name, attribute.kind === 'graph' ? { ...attribute, value: raiseBody(attribute.value, { ...around, replaced: [] }) } : attribute])
  return { ...node, attributes: Object.fromEntries(attributes) }
}

function ranksOf ({ inputs, outputs, values, constants }: Graph): Map<Value, number> {
  const written = [...inputs, ...values, ...outputs].flatMap(({ name, shape }): Array<[Value, number]> => shape === null ? [] : [[name, shape.length]])
  return new Map([...written, ...[...constants].map(([name, { dims }]): [Value, number] => [name, dims.length])])
}

function raiseNode (node: GraphNode, from: number, constants: Map<Value, ConstantTensor>, ranks: ReadonlyMap<Value, number>): GraphNode[] {
  if (node.domain !== '') return [node]
  if (from < (flattening[node.operator] ?? 0)) return alongFlattened(node, ranks)
  if (from < (axesInput[node.operator] ?? 0)) return [attributeToInput(node, 'axes', constants)]
  if (node.operator === 'Dropout' && from < 12) return [attributeToInput(node, 'ratio', constants)]
  if (node.operator === 'Split' && from < operatorSet) {
    const split = from < 13 ? attributeToInput(node, 'split', constants) : node
    const parts: Attribute = { kind: 'int', value: node.outputs.length }
    return [split.inputs.length > 1 ? split : { ...split, attributes: { ...split.attributes, num_outputs: parts } }]
  }
  return [node]
}

/** Where `axis` is not known to be the last: flattened from there on, and in the shape of the input again. Needs no sizes. */
function alongFlattened (node: GraphNode, ranks: ReadonlyMap<Value, number>): GraphNode[] {
  const [x = ''] = node.inputs
  const [y = ''] = node.outputs
  const axis: Attribute = node.attributes['axis'] ?? { kind: 'int', value: 1 }
  const last: Attribute = { kind: 'int', value: -1 }
  // The output has the input's shape.
  const rank = ranks.get(x) ?? ranks.get(y)
  if (axis.kind === 'int' && [-1, rank === undefined ? -1 : rank - 1].includes(Number(axis.value))) return [{ ...node, attributes: { ...node.attributes, axis: last } }]
  const part = (operator: string, inputs: Value[], output: Value, attributes: Attributes): GraphNode => ({ name: output, operator, domain: '', inputs, outputs: [output], attributes })
  const [flat, along, shape] = [`${y}/flat`, `${y}/along`, `${y}/shape`]
  return [
    part('Flatten', [x], flat, { axis }),
    { ...node, inputs: [flat], outputs: [along], attributes: { ...node.attributes, axis: last } },
    part('Shape', [x], shape, {}),
    part('Reshape', [along, shape], y, {})
  ]
}

function attributeToInput (node: GraphNode, name: string, constants: Map<Value, ConstantTensor>): GraphNode {
  const { [name]: attribute, ...attributes } = node.attributes
  if (attribute === undefined) return node
  const input = `${node.outputs[0] ?? node.name}/${name}`
  constants.set(input, asConstant(attribute, node, name))
  return { ...node, inputs: [...node.inputs, input], attributes }
}

function asConstant (attribute: Attribute, node: GraphNode, name: string): ConstantTensor {
  if (attribute.kind === 'ints') return constantTensor(BigInt64Array.from(attribute.value, BigInt))
  if (attribute.kind === 'float') return constantTensor(Float32Array.of(attribute.value), [])
  throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected ${name} of ${node.operator} ${node.name} to be numbers, got ${attribute.kind}`)
}
