/** What lies between a verdict and the nodes that record it, read from the flows as they are deployed. */

/** As in a flow file. */
export interface FlowNode { id: string, type: string, wires?: string[][], d?: boolean }

export interface Route {
  /** Not one of ours. */
  isForeign: boolean
  /** Whether nothing but recording comes of a message here: a second delivery fires no ejector and calls no service. */
  onlyRecords: boolean
}

const recorders = ['goodparts-kafka-out', 'goodparts-live']

function isOurs (type: string): boolean {
  return type.startsWith('goodparts-')
}

/** The recorders, and every node from which one can be reached. */
export function recordingRoutes (flows: readonly FlowNode[]): Map<string, Route> {
  const nodes = new Map(flows.filter(({ d }) => d !== true).map((node) => [node.id, node]))
  const routes = new Map<string, Route>()
  for (const { id, type } of nodes.values()) {
    const reached = reachableFrom(id, nodes)
    if (!reached.some((node) => recorders.includes(node.type))) continue
    const ends = reached.filter(({ wires = [] }) => wires.flat().length === 0)
    routes.set(id, { isForeign: !isOurs(type), onlyRecords: ends.every((end) => isOurs(end.type) || end.type === 'debug') })
  }
  return routes
}

/** The node itself and all after it. */
function reachableFrom (id: string, nodes: ReadonlyMap<string, FlowNode>): FlowNode[] {
  const found = new Map<string, FlowNode>()
  const ahead = [id]
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    const node = nodes.get(next)
    if (node === undefined || found.has(next)) continue
    found.set(next, node)
    ahead.push(...(node.wires ?? []).flat())
  }
  return [...found.values()]
}
