/** A bundle graph taken apart for measurement: the part before the backbone, and the bare backbone. */
import { GoodpartsError } from '../../../engine/errors.ts'
import { cutAt } from '../../../engine/graph/edit.ts'
import { valuesRead } from '../../../engine/graph/graph.ts'
import type { Graph } from '../../../engine/graph/graph.ts'

const prefix = 'backbone/'

/**
 * The nodes that were put in behind `backbone/`. `before` gives their input, `backbone` everything that the rest reads of them.
 * @throws GOODPARTS_ARGUMENT when the bundle holds no such nodes.
 */
export function bundleParts (graph: Graph): { before: Graph, backbone: Graph, input: string } {
  const inside = graph.nodes.filter((node) => node.name.startsWith(prefix))
  const made = new Set(inside.flatMap((node) => node.outputs))
  const input = inside.flatMap(valuesRead).find((value) => !made.has(value) && !graph.constants.has(value))
  if (input === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected a bundle with a frozen backbone inside, got none')
  const outputs = [...new Set(graph.nodes.filter((node) => !inside.includes(node)).flatMap(valuesRead).filter((value) => made.has(value)))]
  const alone: Graph = { ...graph, name: 'backbone', inputs: [{ name: input, type: 'float32', shape: ['N', 3, 'H', 'W'] }], nodes: inside, outputs: [] }
  return { before: cutAt(graph, [input]), backbone: cutAt(alone, outputs), input }
}
