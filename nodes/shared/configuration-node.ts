/** The configuration node that a form names. */
import type { Node, NodeAPI } from 'node-red'

/** `null` where none is named, where it is not there (disabled, deleted), and where it is of another type. */
export function configurationNode (RED: NodeAPI, id: string | undefined, type: string): Node | null {
  const found = RED.nodes.getNode(id ?? '') as Node | null | undefined
  return found?.type === type ? found : null
}
