/** What must hold of every graph, whoever made it. */
import { GoodpartsError } from '../errors.ts'
import { valuesRead } from './graph.ts'
import type { Graph } from './graph.ts'

/**
 * Static single assignment in an order that can run: every value read was written before, none is written twice, and there
 * is at least one output.
 * @throws GOODPARTS_GRAPH_INVALID naming the first value or node that breaks this.
 */
export function checkGraph (graph: Graph): void {
  const known = new Set<string>()
  const define = (value: string, where: string): void => {
    if (known.has(value)) throw invalid(`Expected value ${value} to be written once, got it again from ${where}`)
    known.add(value)
  }
  if (graph.operatorSets[''] === undefined && graph.nodes.some((node) => node.domain === '')) throw invalid('Expected an operator set of ai.onnx, got none')
  if (graph.outputs.length === 0) throw invalid('Expected at least one output, got none')
  for (const { name } of graph.inputs) define(name, 'the inputs')
  for (const name of graph.constants.keys()) define(name, 'the constants')
  for (const node of graph.nodes) {
    if (node.operator === '') throw invalid(`Expected node ${node.name} to name an operator, got none`)
    for (const value of valuesRead(node)) {
      if (!known.has(value)) throw invalid(`Expected value ${value} to be written before ${node.operator} ${node.name} reads it`)
    }
    for (const value of node.outputs) if (value !== '') define(value, `${node.operator} ${node.name}`)
  }
  for (const { name } of graph.outputs) if (!known.has(name)) throw invalid(`Expected output ${name} to be written, got no writer`)
}

function invalid (message: string): GoodpartsError {
  return new GoodpartsError('GOODPARTS_GRAPH_INVALID', message)
}
