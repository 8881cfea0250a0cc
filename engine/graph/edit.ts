/** Edits of graphs: each gives a new one. */
import { GoodpartsError } from '../errors.ts'
import { valuesRead } from './graph.ts'
import type { Attribute, Attributes, ConstantTensor, Graph, GraphNode, Value, ValueInfo } from './graph.ts'

/** Renames every value, inside the bodies of control-flow nodes too. `rename` must not make two names one. */
export function renameValues (graph: Graph, rename: (value: Value) => Value): Graph {
  const renameInfo = (info: ValueInfo): ValueInfo => ({ ...info, name: rename(info.name) })
  return {
    ...graph,
    inputs: graph.inputs.map(renameInfo),
    outputs: graph.outputs.map(renameInfo),
    values: graph.values.map(renameInfo),
    constants: new Map([...graph.constants].map(([name, tensor]) => [rename(name), tensor])),
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map((value) => value === '' ? '' : rename(value)),
      outputs: node.outputs.map((value) => value === '' ? '' : rename(value)),
      attributes: renameInBodies(node.attributes, rename)
    }))
  }
}

function renameInBodies (attributes: Attributes, rename: (value: Value) => Value): Attributes {
  return Object.fromEntries(Object.entries(attributes).map(([name, attribute]): [string, Attribute] =>
    [name, attribute.kind === 'graph' ? { kind: 'graph', value: renameValues(attribute.value, rename) } : attribute]))
}

/**
 * The part of the graph that `outputs` need, with exactly those as outputs.
 * @throws GOODPARTS_GRAPH_INVALID when the graph has no such value.
 */
export function cutAt (graph: Graph, outputs: readonly Value[]): Graph {
  const needed = new Set<Value>(outputs)
  const nodes: GraphNode[] = []
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((value) => needed.has(value))) continue
    nodes.push(node)
    for (const value of valuesRead(node)) needed.add(value)
  }
  const written = new Set([...graph.inputs.map(({ name }) => name), ...graph.constants.keys(), ...nodes.flatMap((node) => node.outputs)])
  for (const name of outputs) {
    if (!written.has(name)) throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected graph ${graph.name} to have a value ${name}, got none`)
  }
  const known = new Map([...graph.values, ...graph.outputs].map((info) => [info.name, info]))
  return {
    ...graph,
    inputs: graph.inputs.filter(({ name }) => needed.has(name)),
    outputs: outputs.map((name) => known.get(name) ?? { name, type: null, shape: null }),
    constants: new Map([...graph.constants].filter(([name]) => needed.has(name))),
    nodes: nodes.reverse(),
    values: graph.values.filter(({ name }) => written.has(name) && !outputs.includes(name))
  }
}

/** The graph without nodes and constants that no output needs, and without indices of MaxPool that nobody reads. Its inputs stay. */
export function withoutUnread (graph: Graph): Graph {
  const cut = cutAt(graph, graph.outputs.map(({ name }) => name))
  const read = new Set([...cut.nodes.flatMap(valuesRead), ...graph.outputs.map(({ name }) => name)])
  // Not every device computes them.
  const nodes = cut.nodes.map((node) => node.operator === 'MaxPool' && !read.has(node.outputs[1] ?? '') ? { ...node, outputs: node.outputs.slice(0, 1) } : node)
  return { ...cut, nodes, inputs: graph.inputs, outputs: graph.outputs }
}

/** The graph with the named constants as inputs; names that are inputs already stay as they are. */
export function constantsToInputs (graph: Graph, names: readonly Value[]): Graph {
  const added = names.flatMap((name): ValueInfo[] => {
    const tensor = graph.constants.get(name)
    return tensor === undefined ? [] : [{ name, type: tensor.type, shape: tensor.dims }]
  })
  return { ...graph, inputs: [...graph.inputs, ...added], constants: new Map([...graph.constants].filter(([name]) => !names.includes(name))) }
}

/** The graph with inputs bound to constants, as a trained model is deployed. */
export function inputsToConstants (graph: Graph, constants: Readonly<Record<Value, ConstantTensor>>): Graph {
  return {
    ...graph,
    inputs: graph.inputs.filter(({ name }) => constants[name] === undefined),
    constants: new Map([...graph.constants, ...Object.entries(constants).filter(([name]) => graph.inputs.some((input) => input.name === name))])
  }
}
