/** Which lines the live nodes of a page show, read from their settings and from the flows as they are deployed. */
import type { NodeAPI } from 'node-red'
import { flowGraph, reachableFrom, type FlowNode } from '../shared/flow-graph.ts'
import type { ShownLines } from '../../engine/live/line-claims.ts'
import { PageMemory } from '../../engine/live/page-memory.ts'
import type { ServerLease } from './shared-server.ts'

interface NamingNode extends FlowNode { line?: string, source?: string }

/** The name that a node gives to what it sends, in the order of preference that `readLiveMessage` has; `undefined` for a node that gives none. */
const naming: Record<string, (node: NamingNode) => string | undefined> = {
  'goodparts-score': ({ line, id }) => filled(line?.trim()) ?? id,
  'goodparts-capture': ({ source, name, id }) => filled(source) ?? filled(name) ?? id,
  'goodparts-image-in': ({ source, id }) => filled(source) ?? `image-in/${id}`,
  'goodparts-fit': ({ name, id }) => filled(name) ?? id
}

/** By the id of the server's node, so that a deploy, which restarts that, changes nothing on the page. */
const memories = new Map<string, PageMemory>()

export interface LiveNode {
  /** Of its form; empty: as messages say. */
  line: string
  /** Told after a deploy which others of the page show its line, fed by others than feed it. */
  mixed: (others: Array<{ id: string, names: string[] }>) => void
}

/** The live nodes of one server and the lines that they show: a line that none shows after a deploy leaves the page. */
export class PageLines {
  readonly memory: PageMemory
  readonly #id: string
  /** By node; a node that closes late is not taken for the one after it. */
  readonly #attached = new Map<string, LiveNode>()
  readonly #stop: () => void

  constructor (RED: NodeAPI, id: string) {
    this.#id = id
    this.memory = memories.get(id) ?? new PageMemory({ areLinesClaimed: true })
    memories.set(id, this.memory)
    const settle = ({ config: { flows } }: { config: { flows: FlowNode[] } }): void => {
      this.memory.settle(pageLines(this.#attached, flows))
      for (const [node, others] of mixedLines(this.#attached, flows)) this.#attached.get(node)?.mixed(others)
    }
    RED.events.on('flows:started', settle)
    this.#stop = () => { RED.events.off('flows:started', settle) }
  }

  /** The node is here as long as it has the lease. */
  attach (node: string, own: LiveNode, { release, ...lease }: ServerLease): ServerLease {
    const { line } = own
    this.#attached.set(node, own)
    if (line !== '') this.memory.claim(node, line)
    return {
      ...lease,
      release: async () => {
        if (this.#attached.get(node) === own) this.#attached.delete(node)
        await release()
      }
    }
  }

  /** `removed`: no server will go on with the lines. */
  close (removed: boolean): void {
    this.#stop()
    if (removed) memories.delete(this.#id)
  }
}

/** By live node; `line` is that of its form, empty where messages name it. Pure. */
export function pageLines (attached: ReadonlyMap<string, { line: string }>, flows: readonly FlowNode[]): Map<string, ShownLines> {
  const fed = feeding([...attached.keys()], flows)
  return new Map([...attached].map(([id, { line }]) => [id, line === '' ? { named: new Set([...fed.get(id)?.values() ?? []].flat()), isOpen: true } : { named: new Set([line]), isOpen: false }]))
}

/**
 * Live nodes that show one line although what feeds them is different: other lines of score nodes, or other cameras. By live node, the others and
 * the names that feed them. Those that share what feeds them show it twice on purpose. Pure.
 */
export function mixedLines (attached: ReadonlyMap<string, { line: string }>, flows: readonly FlowNode[]): Map<string, Array<{ id: string, names: string[] }>> {
  const fed = feeding([...attached.keys()], flows)
  const named = [...attached].filter(([, { line }]) => line !== '')
  return new Map(named.map(([id, { line }]) => [id, named.flatMap(([other, its]) => {
    const names = other === id || its.line !== line ? undefined : foreign(fed.get(id), fed.get(other))
    return names === undefined ? [] : [{ id: other, names }]
  })]))
}

/** The names that feed the other and not the one; `undefined` where they have one in common, or one of them none that is known. */
function foreign (one: Fed | undefined, other: Fed | undefined): string[] | undefined {
  for (const kinds of [['goodparts-score'], ['goodparts-capture', 'goodparts-image-in']]) {
    const [own, its] = [one, other].map((fed) => kinds.flatMap((kind) => fed?.get(kind) ?? [])) as [string[], string[]]
    if (own.length > 0 && its.length > 0) return its.some((name) => own.includes(name)) ? undefined : its
  }
  return undefined
}

/** Names by the type of the node that gives them. */
type Fed = ReadonlyMap<string, string[]>

/** What the flows lead to each of the live nodes. */
function feeding (live: readonly string[], flows: readonly FlowNode[]): Map<string, Map<string, string[]>> {
  const graph = flowGraph(flows)
  const fed = new Map(live.map((id) => [id, new Map<string, string[]>()]))
  for (const node of graph.values()) {
    const name = naming[node.type]?.(node)
    // What the environment fills in is known when the first message comes.
    if (name === undefined || name.includes('${')) continue
    for (const { id } of reachableFrom(node.id, graph)) {
      const names = fed.get(id)
      names?.set(node.type, [...names.get(node.type) ?? [], name])
    }
  }
  return fed
}

function filled (text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
