/** Nodes that were given one name where only names tell what comes from them apart: said after a deploy, once by each. */
import type { Node, NodeAPI } from 'node-red'
import type { Status } from './status.ts'

interface Named {
  node: Node
  key: string
  tell: (others: Node[]) => void
}

const named = new Set<Named>()
let unlisten: (() => void) | undefined

/** What the texts of the node say of a name that others have too: `status.sameName` while it is so, `warning.sameName` once. */
export class NameConcern {
  readonly #RED: NodeAPI
  readonly #node: Node
  readonly #status: Status
  #told = ''

  constructor (RED: NodeAPI, node: Node, status: Status) {
    this.#RED = RED
    this.#node = node
    this.#status = status
  }

  /** `others` as `labelOf` says them; none ends the concern. */
  tell (name: string, others: string[]): void {
    const values = { name, others: others.join(', ') }
    const text = (kind: string): string => this.#RED._(`${this.#node.type}.${kind}.sameName`, values)
    this.#status.concern(others.length === 0 ? undefined : text('status'))
    if (others.length > 0 && values.others !== this.#told) this.#node.warn(text('warning'))
    this.#told = values.others
  }
}

/** `name`, and where it is given `within`, must be those of no other node of the same kind. */
export function holdName (RED: NodeAPI, node: Node, status: Status, kind: 'source' | 'judge', name: string, within = ''): void {
  const concern = new NameConcern(RED, node, status)
  const entry: Named = { node, key: JSON.stringify([kind, name, within]), tell: (others) => { concern.tell(name, others.map(labelOf)) } }
  named.add(entry)
  node.on('close', () => { named.delete(entry) })
  // Another runtime may have taken the place of the one before.
  unlisten?.()
  RED.events.on('flows:started', tellAll)
  unlisten = () => { RED.events.off('flows:started', tellAll) }
}

function tellAll (): void {
  for (const { node, key, tell } of named) tell([...named].filter((other) => other.node !== node && other.key === key).map(({ node: other }) => other))
}

/** As the editor finds it. */
export function labelOf ({ name, id }: Pick<Node, 'name' | 'id'>): string {
  return name === undefined || name === '' ? id : `${name} (${id})`
}
