/**
 * Closing a line in its own order. Node-RED closes all nodes at the same time and takes each off its routes first, so that what a node sends while it
 * closes reaches nobody. Here a node closes after those that come before it on the way of a frame, and takes what they still send.
 */
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import type { Node, NodeMessage } from 'node-red'

/** Place on the way of a frame. Nodes that are not here wait for nobody. */
const places: Record<string, number> = {
  'goodparts-capture': 0,
  'goodparts-image-in': 0,
  'goodparts-score': 1,
  'goodparts-fit': 2,
  'goodparts-heatmap': 2,
  'goodparts-image-out': 3,
  'goodparts-kafka-out': 3,
  'goodparts-live': 3,
  // What people say at the live page comes from live nodes.
  'goodparts-replay-buffer': 3.5,
  'goodparts-live-server': 4,
  // Fit nodes and replay buffers give it bundles.
  'goodparts-model': 4
}

/** Node-RED gives up after 15 s, and the last place needs time of its own. */
const WAIT_MS = 6000

/** Ours that take messages, by id. */
const takers = new Map<string, Node>()
const closing = new Map<Node, Promise<void>>()
const working = new WeakMap<Node, Set<Promise<void>>>()

/** The node takes messages. */
export function opens (node: Node): void {
  takers.set(node.id, node)
}

/** Counts the handling of a message as the node's work until it settles. */
export function begin (node: Node, work: Promise<void>): void {
  const all = working.get(node) ?? new Set()
  working.set(node, all)
  all.add(work)
  work.finally(() => all.delete(work)).catch(() => {})
}

/** Resolves when the node handles no message. */
export async function idle (node: Node): Promise<void> {
  const all = working.get(node) ?? new Set()
  while (all.size > 0) await Promise.allSettled([...all])
}

/** Hands over, past Node-RED's routes, what a node that closes sends to one that closes too and takes messages still. @returns whether it is that */
export function takesLast (source: Node, to: string, message: () => NodeMessage): boolean {
  const taker = takers.get(to)
  if (taker === undefined || !closing.has(source) || !closing.has(taker)) return false
  taker.receive(message())
  return true
}

/** Runs `close` when the places before the node's have closed; settles when its messages are handled too. */
export async function closeInPlace (node: Node, close: () => Promise<void> | void): Promise<void> {
  const own = places[node.type]
  const work = (async () => {
    if (own !== undefined) {
      // Every node of this stop has been told, and what was on its way has arrived.
      await nextTurn()
      const before = [...closing].filter(([other]) => (places[other.type] ?? Infinity) < own).map(([, closed]) => closed)
      await Promise.race([Promise.allSettled(before), pause(WAIT_MS, undefined, { ref: false })])
    }
    await close()
    if (own !== undefined) await idle(node)
  })()
  closing.set(node, work)
  try {
    await work
  } finally {
    closing.delete(node)
    if (takers.get(node.id) === node) takers.delete(node.id)
  }
}
