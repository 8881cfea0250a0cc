/** What lies between a verdict and the nodes that record it, read from the flows as they are deployed. */

import { flowGraph, reachableFrom, takersOf, type FlowNode } from './flow-graph.ts'

export interface Route {
  /** Not one of ours, and what it holds is recorded as it is: no score node after it judges anew. */
  holdsVerdicts: boolean
  /** Whether nothing but recording comes of a message here: a second delivery fires no ejector and calls no service. */
  onlyRecords: boolean
}

const recorders = ['goodparts-kafka-out', 'goodparts-live']

function isRecorder ({ type }: FlowNode): boolean {
  return recorders.includes(type)
}

/** A node type of this package. */
export function isOurs (type: string): boolean {
  return type.startsWith('goodparts-')
}

/** The recorders, and every node from which one can be reached. */
export function recordingRoutes (flows: readonly FlowNode[]): Map<string, Route> {
  const nodes = flowGraph(flows)
  const withoutScores = new Map([...nodes].filter(([, { type }]) => type !== 'goodparts-score'))
  const routes = new Map<string, Route>()
  for (const { id, type } of nodes.values()) {
    const reached = reachableFrom(id, nodes)
    if (!reached.some(isRecorder)) continue
    const ends = reached.filter((node) => takersOf(node).length === 0)
    routes.set(id, { holdsVerdicts: !isOurs(type) && reachableFrom(id, withoutScores).some(isRecorder), onlyRecords: ends.every((end) => isOurs(end.type) || end.type === 'debug') })
  }
  return routes
}
