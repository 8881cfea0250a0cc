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
  /** The tab. */
  z?: string
  /** Of tabs. */
  disabled?: boolean
}

export type FlowGraph = ReadonlyMap<string, FlowNode>

/** Without those that are disabled, by themselves or with their tab. */
export function flowGraph (flows: readonly FlowNode[]): FlowGraph {
  const off = new Set(flows.filter(({ disabled }) => disabled === true).map(({ id }) => id))
  return new Map(flows.filter(({ d, z }) => d !== true && !off.has(z ?? '')).map((node) => [node.id, node]))
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
