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

/** The live nodes of one server and the lines that they show: a line that none shows after a deploy leaves the page. */
export class PageLines {
  readonly memory: PageMemory
  readonly #id: string
  /** By node; a node that closes late is not taken for the one after it. */
  readonly #attached = new Map<string, { line: string }>()
  readonly #stop: () => void

  constructor (RED: NodeAPI, id: string) {
    this.#id = id
    this.memory = memories.get(id) ?? new PageMemory({ areLinesClaimed: true })
    memories.set(id, this.memory)
    const settle = ({ config: { flows } }: { config: { flows: FlowNode[] } }): void => { this.memory.settle(pageLines(this.#attached, flows)) }
    RED.events.on('flows:started', settle)
    this.#stop = () => { RED.events.off('flows:started', settle) }
  }

  /** The node shows that line, or, where it is empty, those that messages name, as long as it has the lease. */
  attach (node: string, line: string, { release, ...lease }: ServerLease): ServerLease {
    const own = { line }
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
  const graph = flowGraph(flows)
  const open = [...attached].filter(([, { line }]) => line === '').map(([id]) => id)
  const lines = new Map<string, ShownLines>([...attached].map(([id, { line }]) => [id, { named: new Set(line === '' ? [] : [line]), isOpen: line === '' }]))
  if (open.length === 0) return lines
  const names = new Map<string, Set<string>>(open.map((id) => [id, new Set()]))
  for (const node of graph.values()) {
    const name = naming[node.type]?.(node)
    // What the environment fills in is known when the first message comes.
    if (name === undefined || name.includes('${')) continue
    for (const { id } of reachableFrom(node.id, graph)) names.get(id)?.add(name)
  }
  for (const [id, named] of names) lines.set(id, { named, isOpen: true })
  return lines
}

function filled (text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
