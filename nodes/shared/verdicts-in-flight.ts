/**
 * Verdicts inside other people's nodes while a flow is stopped. Node-RED closes all nodes at once, and a delay or function node throws away what it
 * holds. Here each verdict that such a node has taken and not completed is delivered to it again when the flow has started, or counted as lost where
 * that may do more than record it.
 */
import type { Node, NodeMessage } from 'node-red'
import { eventOf, isVerdict } from './carried.ts'
import type { FlowNode } from './flow-graph.ts'
import { KeptMessages } from './kept-messages.ts'
import { recordingRoutes, type Route } from './recording-routes.ts'

/** What one node has. */
interface Held {
  /** The messages themselves are held weakly: a node that never says that it is done with them must not keep their pixels alive. */
  numbers: WeakMap<NodeMessage, number>
  /** Copies, in the order of their coming. */
  kept: KeptMessages
}

/** What became of the verdicts of one stop. `nodes` are ids. */
export interface Afterwards { delivered: number, lost: number, nodes: string[] }

export class VerdictsInFlight {
  #routes: ReadonlyMap<string, Route> = new Map()
  #stopping = false
  /** By the node that has them, then by the message as that node completes it. */
  readonly #inside = new Map<Node, Held>()
  readonly #completedMeanwhile: Array<{ node: Node, number: number }> = []

  /** Whether any node, as the flows were last started, can hold a verdict: if none, nothing needs to be told. */
  get isPossible (): boolean {
    return [...this.#routes.values()].some(({ holdsVerdicts }) => holdsVerdicts)
  }

  received (node: Node, msg: NodeMessage): void {
    if (eventOf(msg) === undefined || this.#routes.get(node.id)?.holdsVerdicts !== true || !completes(node)) return
    const held: Held = this.#inside.get(node) ?? { numbers: new WeakMap(), kept: new KeptMessages() }
    this.#inside.set(node, held)
    // The node may change its message before the flow stops.
    held.numbers.set(msg, held.kept.add({ ...msg }, isVerdict(msg)).number)
  }

  /** While the flow stops, a node completes what it throws away. */
  completed (node: Node, msg: NodeMessage): void {
    const held = this.#inside.get(node)
    const number = held?.numbers.get(msg)
    if (number === undefined) return
    if (this.#stopping) this.#completedMeanwhile.push({ node, number })
    else held?.kept.delete(number)
  }

  /** What a node sends while the flow stops is no longer inside it. */
  sent (source: Node, msg: NodeMessage): void {
    const eventId = eventOf(msg)
    const kept = this.#inside.get(source)?.kept
    if (!this.#stopping || eventId === undefined || kept === undefined) return
    for (const [number, its] of [...kept]) if (eventOf(its) === eventId) kept.delete(number)
  }

  stopping (): void {
    this.#stopping = true
  }

  /** The flow runs again: `find` gives its nodes. */
  started (flows: readonly FlowNode[], find: (id: string) => Node | null | undefined): Afterwards {
    this.#routes = recordingRoutes(flows)
    this.#stopping = false
    for (const { node, number } of this.#completedMeanwhile.splice(0)) if (find(node.id) === node) this.#inside.get(node)?.kept.delete(number)
    const gone = this.#take((node) => find(node.id) !== node)
    const again = gone.filter(({ to }) => this.#routes.get(to)?.onlyRecords === true && find(to) != null)
    const lost = gone.filter((kept) => !again.includes(kept))
    for (const { to, msg } of again) find(to)?.receive(msg)
    // Nobody tells any more when these are completed.
    if (!this.isPossible) this.#inside.clear()
    return { delivered: again.length, lost: lost.length, nodes: [...new Set(gone.map(({ to }) => to))] }
  }

  /** The flow does not start again. */
  ended (): Afterwards {
    const lost = this.#take(() => true)
    return { delivered: 0, lost: lost.length, nodes: [...new Set(lost.map(({ to }) => to))] }
  }

  #take (isGone: (node: Node) => boolean): Array<{ to: string, msg: NodeMessage }> {
    const gone = [...this.#inside].filter(([node]) => isGone(node))
    for (const [node] of gone) this.#inside.delete(node)
    return gone.flatMap(([{ id }, { kept }]) => [...kept].map(([, msg]) => ({ to: id, msg })))
  }
}

/** A node of the old kind never says that it is done with a message. */
function completes (node: Node): boolean {
  return (node as Node & { _expectedDoneCount?: number })._expectedDoneCount !== 0
}
