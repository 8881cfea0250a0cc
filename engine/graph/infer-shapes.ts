/** Static shapes of a graph's values, once the sizes of its inputs are given. */
import { GoodpartsError } from '../errors.ts'
import type { Graph, Value, ValueInfo } from './graph.ts'
import type { Shape, ValueType } from './node-view.ts'
import { outputTypes } from './shapes/registry.ts'
import { smallNumbers } from './shapes/known-numbers.ts'

/** Shapes by input name, for inputs whose sizes are free. */
export type InputShapes = Readonly<Record<Value, Shape>>

/**
 * Type and shape of every value, with the numbers of small ones that follow from constants and shapes. Values behind an operator
 * that is not in the table are absent.
 * @throws GOODPARTS_GRAPH_INVALID when an input keeps a free size or a node's inputs do not fit it.
 */
export function inferShapes (graph: Graph, inputShapes: InputShapes = {}): ReadonlyMap<Value, ValueType> {
  const types = new Map<Value, ValueType>()
  for (const input of graph.inputs) types.set(input.name, inputType(input, inputShapes))
  for (const [name, tensor] of graph.constants) types.set(name, { type: tensor.type, shape: tensor.dims, numbers: smallNumbers(tensor) })
  for (const node of graph.nodes) {
    outputTypes(node, (value) => types.get(value)).forEach((type, index) => {
      const name = node.outputs[index] ?? ''
      if (name !== '') types.set(name, type)
    })
  }
  return types
}

/** @throws GOODPARTS_GRAPH_INVALID when a size stays free. */
export function inputType (input: ValueInfo, inputShapes: InputShapes): ValueType {
  const shape = inputShapes[input.name] ?? input.shape ?? []
  const known = input.shape !== null || inputShapes[input.name] !== undefined
  if (!known || !shape.every((size) => typeof size === 'number')) {
    throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected input ${input.name} to have sizes in numbers, got ${known ? `[${shape.join(', ')}]` : 'none'}`,
      { fix: `Give its shape: inputShapes: { ${JSON.stringify(input.name)}: [1, 3, 224, 224] }.` })
  }
  return { type: input.type ?? 'float32', shape, numbers: null }
}
