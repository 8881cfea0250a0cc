/**
 * What is sent to nodes while a deploy restarts them. Node-RED takes a node off its routes before it closes, and drops what is sent to it until the next
 * one is there. Here what ours send, and every part on its way to one of ours or to a record, waits for the next one, and what cannot is counted.
 */
import type { Node, NodeMessage } from 'node-red'
import type { Ledger } from '../../engine/frame/ledger.ts'
import { isPart, isVerdict } from './carried.ts'
import { flowGraph, type FlowGraph, type FlowNode } from './flow-graph.ts'
import { KeptMessages } from './kept-messages.ts'
import { isOurs, recordingRoutes, type Route } from './recording-routes.ts'

export interface Sending {
  source: { type: string }
  to: string
  msg: NodeMessage
  /** The message as its receiver may have it. */
  copy: () => NodeMessage
}

/** Since this was last told. `lost` is by reason, `nodes` are ids. */
export interface Restarted { delivered: number, lost: Record<string, number>, nodes: string[] }

/** What a record without its picture is of no use to. */
const pictureTakers = ['goodparts-score', 'goodparts-fit', 'goodparts-image-out', 'goodparts-replay-buffer']

export class RestartingNodes {
  readonly #ledgerOf: (type: string) => Ledger
  #phase: 'running' | 'stopping' | 'ended' = 'running'
  /** As they ran before the stop. */
  #before: FlowGraph = new Map()
  /** As they will run after it. */
  #after: FlowGraph = new Map()
  #routes: ReadonlyMap<string, Route> = new Map()
  readonly #waiting = new Map<string, KeptMessages>()
  #told: Restarted = nothing()

  /** `ledgerOf` counts what waits for nodes of a type. */
  constructor (ledgerOf: (type: string) => Ledger) {
    this.#ledgerOf = ledgerOf
  }

  /** Before nodes are closed, with the flows as they will run. */
  stopping (flows: readonly FlowNode[]): void {
    this.#phase = 'stopping'
    this.#after = flowGraph(flows)
    this.#routes = new Map([...this.#routes, ...recordingRoutes(flows)])
  }

  /** Before Node-RED looks for the receiver; `isThere`: it would find it. @returns whether Node-RED must not deliver it */
  routed ({ source, to, msg, copy }: Sending, isThere: boolean): boolean {
    if (this.#phase === 'running' || (isThere && !this.#waiting.has(to))) return false
    const node = this.#after.get(to) ?? this.#before.get(to)
    if (node === undefined || !this.#mustArrive(node, source, msg)) return false
    const ledger = this.#ledgerOf(node.type)
    ledger.enter()
    if (this.#phase === 'ended') this.#lose(node, 'flow-stopped')
    else if (!this.#after.has(to)) this.#lose(node, 'node-removed')
    // It may fire an ejector, and the part has gone by.
    else if (!isOurs(node.type) && this.#routes.get(to)?.onlyRecords !== true) this.#lose(node, 'flow-stopped')
    else {
      const kept = this.#waiting.get(to) ?? new KeptMessages()
      this.#waiting.set(to, kept)
      this.#lose(node, 'queue-full', kept.add(copy(), isVerdict(msg) && !pictureTakers.includes(node.type)).gone)
    }
    return true
  }

  /** The flows run again: `find` gives their nodes. */
  started (flows: readonly FlowNode[], find: (id: string) => Node | null | undefined): Restarted {
    const waiting = this.#settle(flows)
    for (const [node, kept] of waiting) {
      const receiver = find(node.id)
      if (receiver === null || receiver === undefined) {
        this.#lose(node, 'node-removed', kept.size)
        continue
      }
      this.#told.delivered += kept.size
      this.#told.nodes.push(node.id)
      for (const [, msg] of kept) {
        this.#ledgerOf(node.type).leave()
        receiver.receive(msg)
      }
    }
    return this.#tell()
  }

  /** The flows do not start again. */
  ended (): Restarted {
    const waiting = this.#settle([...this.#after.values()])
    this.#phase = 'ended'
    for (const [node, kept] of waiting) this.#lose(node, 'flow-stopped', kept.size)
    return this.#tell()
  }

  #mustArrive ({ id, type }: FlowNode, source: { type: string }, msg: NodeMessage): boolean {
    return isOurs(type) ? isOurs(source.type) || isPart(msg) : isPart(msg) && this.#routes.has(id)
  }

  #settle (flows: readonly FlowNode[]): Array<[FlowNode, KeptMessages]> {
    const waiting = [...this.#waiting].map(([id, kept]): [FlowNode, KeptMessages] => [this.#after.get(id) as FlowNode, kept])
    this.#waiting.clear()
    this.#phase = 'running'
    this.#before = flowGraph(flows)
    this.#routes = recordingRoutes(flows)
    return waiting
  }

  #lose ({ id, type }: FlowNode, reason: string, count = 1): void {
    if (count === 0) return
    this.#ledgerOf(type).drop(reason, count)
    this.#told.lost[reason] = (this.#told.lost[reason] ?? 0) + count
    this.#told.nodes.push(id)
  }

  #tell (): Restarted {
    const { nodes, ...counts } = this.#told
    this.#told = nothing()
    return { ...counts, nodes: [...new Set(nodes)] }
  }
}

function nothing (): Restarted {
  return { delivered: 0, lost: {}, nodes: [] }
}
