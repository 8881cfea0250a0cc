/** Every operator whose outputs' types and shapes are known, in one table. */
import type { FindType, ValueType } from '../node-view.ts'
import { NodeView } from '../node-view.ts'
import type { GraphNode } from '../graph.ts'
import { elementwiseShapes } from './elementwise.ts'
import { knownNumbers } from './known-numbers.ts'
import { layoutShapes } from './layout.ts'
import { matrixShapes } from './matrix.ts'
import type { ShapeRules } from './rule.ts'
import { windowShapes } from './windows.ts'

const shapeRules: ShapeRules = { ...elementwiseShapes, ...windowShapes, ...matrixShapes, ...layoutShapes }

/**
 * Types of a node's outputs, in order; fewer than it has, or none, where the operator is not in the table or an input is unknown.
 * @throws GOODPARTS_GRAPH_INVALID when the inputs do not fit the operator.
 */
export function outputTypes (node: GraphNode, find: FindType): ValueType[] {
  const rule = node.domain === '' ? shapeRules[node.operator] : undefined
  if (rule === undefined || node.inputs.some((name) => name !== '' && find(name) === undefined)) return []
  const view = new NodeView(node, find)
  return rule(view).map((output) => ({ ...output, numbers: knownNumbers(view, output) }))
}
