/**
 * Verdicts inside other people's nodes while a flow is stopped. Node-RED closes all nodes at once, and a delay or function node throws away what it
 * holds. Here each verdict that such a node has taken and not completed, or that was sent to it too late, is delivered to it again when the flow
 * has started, or counted as lost where that may do more than record it.
 */
import type { Node, NodeMessage } from 'node-red'
import { AnomalyMap } from '../../engine/frame/anomaly-map.ts'
import { isFrame } from '../../engine/frame/frame.ts'
import type { FlowNode } from './flow-graph.ts'
import { recordingRoutes, type Route } from './recording-routes.ts'

interface Kept { to: string, msg: NodeMessage, eventId: string }

/** What one node has. The messages themselves are held weakly: a node that never says that it is done with them must not keep their pixels alive. */
interface Held {
  numbers: WeakMap<NodeMessage, number>
  /** In the order of their coming. */
  kept: Map<number, Kept>
  /** Those of `kept`, oldest first, that still have pixels, and their bytes. */
  withPixels: Map<number, number>
  bytes: number
}

/** What became of the verdicts of one stop. `nodes` are ids. */
export interface Afterwards { delivered: number, lost: number, nodes: string[] }

/** Of one node; the oldest is forgotten first. */
const CAPACITY = 1000
/** Pixels and maps of one node's verdicts; beyond, the oldest are delivered again as records alone. */
const MOST_BYTES = 64 * 2 ** 20

export class VerdictsInFlight {
  #routes: ReadonlyMap<string, Route> = new Map()
  #stopping = false
  /** By the node that has them, then by the message as that node completes it. */
  readonly #inside = new Map<Node, Held>()
  #count = 0
  readonly #completedMeanwhile: Array<{ node: Node, msg: NodeMessage }> = []
  /** Sent while their receiver was away. */
  readonly #unrouted = new Set<Kept>()

  /** Whether any node, as the flows were last started, can hold a verdict: if none, nothing needs to be told. */
  get isPossible (): boolean {
    return [...this.#routes.values()].some(({ holdsVerdicts }) => holdsVerdicts)
  }

  received (node: Node, msg: NodeMessage): void {
    const eventId = eventOf(msg)
    if (eventId === undefined || this.#routes.get(node.id)?.holdsVerdicts !== true || !completes(node)) return
    const held: Held = this.#inside.get(node) ?? { numbers: new WeakMap(), kept: new Map(), withPixels: new Map(), bytes: 0 }
    this.#inside.set(node, held)
    const number = this.#count++
    held.numbers.set(msg, number)
    // The node may change its message before the flow stops.
    held.kept.set(number, { to: node.id, msg: { ...msg }, eventId })
    const bytes = bytesOf(msg)
    if (bytes > 0) held.withPixels.set(number, bytes)
    held.bytes += bytes
    for (const oldest of held.withPixels.keys()) {
      if (held.bytes <= MOST_BYTES) break
      const kept = held.kept.get(oldest) as Kept
      const { frame: _frame, anomalyMap: _map, ...record } = kept.msg as VerdictMessage
      kept.msg = record
      forgetPixels(held, oldest)
    }
    const [oldest] = held.kept.keys()
    if (held.kept.size > CAPACITY && oldest !== undefined) forget(held, oldest)
  }

  /** While the flow stops, a node completes what it throws away. */
  completed (node: Node, msg: NodeMessage): void {
    if (this.#stopping) this.#completedMeanwhile.push({ node, msg })
    else this.#forget(node, msg)
  }

  /** Before Node-RED looks for the receiver; `delivered` follows at once where there is one. */
  routed (source: Node, to: string, msg: NodeMessage): void {
    const eventId = eventOf(msg)
    const route = this.#routes.get(to)
    if (!this.#stopping || eventId === undefined || route === undefined) return
    // Ours take each other's last messages past Node-RED's routes.
    if (!route.holdsVerdicts && this.#routes.get(source.id)?.holdsVerdicts !== true) return
    const held = this.#inside.get(source)
    for (const [number, kept] of held?.kept ?? []) if (kept.eventId === eventId) forget(held as Held, number)
    this.#unrouted.add({ to, msg: { ...msg }, eventId })
  }

  delivered (to: string, msg: NodeMessage): void {
    for (const kept of this.#unrouted) if (kept.to === to && kept.eventId === eventOf(msg)) this.#unrouted.delete(kept)
  }

  stopping (): void {
    this.#stopping = true
  }

  /** The flow runs again: `find` gives its nodes. */
  started (flows: readonly FlowNode[], find: (id: string) => Node | null | undefined): Afterwards {
    this.#routes = recordingRoutes(flows)
    this.#stopping = false
    for (const { node, msg } of this.#completedMeanwhile.splice(0)) if (find(node.id) === node) this.#forget(node, msg)
    const gone = this.#take((node) => find(node.id) !== node)
    const again = gone.filter(({ to }) => this.#routes.get(to)?.onlyRecords === true)
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

  #forget (node: Node, msg: NodeMessage): void {
    const held = this.#inside.get(node)
    const number = held?.numbers.get(msg)
    if (held !== undefined && number !== undefined) forget(held, number)
  }

  #take (isGone: (node: Node) => boolean): Kept[] {
    const gone = [...this.#inside].filter(([node]) => isGone(node))
    for (const [node] of gone) this.#inside.delete(node)
    const all = [...gone.flatMap(([, { kept }]) => [...kept.values()]), ...this.#unrouted]
    this.#unrouted.clear()
    return all
  }
}

type VerdictMessage = NodeMessage & { frame?: unknown, anomalyMap?: unknown }

function bytesOf ({ frame, anomalyMap }: VerdictMessage): number {
  return (isFrame(frame) ? frame.memory.byteLength : 0) + (anomalyMap instanceof AnomalyMap ? anomalyMap.values().byteLength : 0)
}

function forget (held: Held, number: number): void {
  held.kept.delete(number)
  forgetPixels(held, number)
}

function forgetPixels (held: Held, number: number): void {
  held.bytes -= held.withPixels.get(number) ?? 0
  held.withPixels.delete(number)
}

function eventOf (msg: NodeMessage): string | undefined {
  const { inspection } = msg as { inspection?: { eventId?: unknown } | null }
  return typeof inspection?.eventId === 'string' ? inspection.eventId : undefined
}

/** A node of the old kind never says that it is done with a message. */
function completes (node: Node): boolean {
  return (node as Node & { _expectedDoneCount?: number })._expectedDoneCount !== 0
}
