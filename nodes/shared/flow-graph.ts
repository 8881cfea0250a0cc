/** The nodes of the flows and what follows what, as deployed. */

/** As in a flow file. */
export interface FlowNode {
  id: string
  type: string
  name?: string
  wires?: string[][]
  /** Of link nodes: link nodes. */
  links?: string[]
  /** Disabled. */
  d?: boolean
}

export type FlowGraph = ReadonlyMap<string, FlowNode>

/** Without those that are disabled. */
export function flowGraph (flows: readonly FlowNode[]): FlowGraph {
  return new Map(flows.filter(({ d }) => d !== true).map((node) => [node.id, node]))
}

/** Ids of those that take what a node sends; a link is a wire that is not drawn. */
export function takersOf ({ type, wires = [], links = [] }: FlowNode): string[] {
  return [...wires.flat(), ...type === 'link out' ? links : []]
}

/** The node itself and all after it. */
export function reachableFrom (id: string, graph: FlowGraph): FlowNode[] {
  const found = new Map<string, FlowNode>()
  const ahead = [id]
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    const node = graph.get(next)
    if (node === undefined || found.has(next)) continue
    found.set(next, node)
    ahead.push(...takersOf(node))
  }
  return [...found.values()]
}
