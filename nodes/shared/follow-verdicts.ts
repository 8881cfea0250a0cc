/**
 * Node-RED's hooks and events, as `VerdictsInFlight` and `RestartingNodes` want to hear of them. Hooks see every message of every flow: they are there only
 * while a node of another package lies between verdicts and what records them, and while a deploy stops nodes
 * (docs/decisions/0010-hooks-only-where-verdicts-wait.md).
 */
import type { Node, NodeAPI, NodeMessage } from 'node-red'
import { Ledger } from '../../engine/frame/ledger.ts'
import type { FlowNode } from './flow-graph.ts'
import { takesLast } from './line-closing.ts'
import { isOurs } from './recording-routes.ts'
import { RestartingNodes, type Restarted } from './restarting-nodes.ts'
import { VerdictsInFlight, type Afterwards } from './verdicts-in-flight.ts'

/** As the hooks give them. */
interface Place { id: string, node: Node }
interface Received { msg: NodeMessage, destination: Place }
interface Completed { msg: NodeMessage, node: Place }
interface Sent { msg: NodeMessage, source: Place, destination: { id: string }, cloneMessage: boolean }
interface Flows { config: { flows: FlowNode[] } }
interface RuntimeEvent { id: string, payload?: { state?: string, deploy?: boolean } }

let unfollow: (() => void) | undefined

export interface DeployListener {
  /** What became of the verdicts that nodes of other packages had, where there were any. */
  held: (afterwards: Afterwards) => void
  /** What became of the messages for nodes that were restarted, where there were any. */
  restarted: (restarted: Restarted) => void
}

/** Once for a runtime, however many nodes there are. */
export function followVerdicts (RED: NodeAPI, tell: DeployListener): void {
  unfollow?.()
  const ledgers = new Map<string, Ledger>()
  const ledger = (hop: string): Ledger => {
    const found = ledgers.get(hop) ?? new Ledger(hop)
    ledgers.set(hop, found)
    return found
  }
  const verdicts = new VerdictsInFlight()
  const restarting = new RestartingNodes((type) => ledger(isOurs(type) ? 'restarting-nodes' : 'other-nodes'))
  const find = (id: string): Node | null | undefined => RED.nodes.getNode(id)
  const sayHeld = (afterwards: Afterwards): void => {
    const { delivered, lost } = afterwards
    if (delivered + lost === 0) return
    const others = ledger('other-nodes')
    others.enter(delivered + lost)
    others.leave(delivered)
    others.drop('flow-stopped', lost)
    tell.held(afterwards)
  }
  const sayRestarted = (restarted: Restarted): void => { if (restarted.nodes.length > 0) tell.restarted(restarted) }

  const hookVerdicts = (isPossible: boolean): void => {
    for (const hook of ['onReceive.goodparts', 'onComplete.goodparts']) RED.hooks.remove(hook)
    if (!isPossible) return
    RED.hooks.add('onReceive.goodparts', ({ msg, destination }: Received) => { verdicts.received(destination.node, msg) })
    RED.hooks.add('onComplete.goodparts', ({ msg, node }: Completed) => { verdicts.completed(node.node, msg) })
  }
  const hookRoutes = (isStopping: boolean): void => {
    RED.hooks.remove('preRoute.goodparts')
    if (!isStopping) return
    RED.hooks.add('preRoute.goodparts', ({ msg, source: { node: source }, destination: { id: to }, cloneMessage }: Sent) => {
      const copy = (): NodeMessage => cloneMessage ? RED.util.cloneMessage(msg) : msg
      verdicts.sent(source, msg)
      return takesLast(source, to, copy) || restarting.routed({ source, to, msg, copy }, find(to) != null) ? false : undefined
    })
  }

  const stopping = ({ config }: Flows): void => {
    verdicts.stopping()
    restarting.stopping(config.flows)
    hookRoutes(true)
  }
  const started = ({ config }: Flows): void => {
    hookRoutes(false)
    sayHeld(verdicts.started(config.flows, find))
    sayRestarted(restarting.started(config.flows, find))
    hookVerdicts(verdicts.isPossible)
  }
  /** Told after each stop; one for a deploy is followed by a start. */
  const stopped = ({ id, payload }: RuntimeEvent): void => {
    if (id !== 'runtime-state' || payload?.state !== 'stop' || payload.deploy === true) return
    sayHeld(verdicts.ended())
    sayRestarted(restarting.ended())
  }
  RED.events.on('flows:stopping', stopping)
  RED.events.on('flows:started', started)
  RED.events.on('runtime-event', stopped)

  unfollow = () => {
    for (const open of ledgers.values()) open.close()
    RED.hooks.remove('*.goodparts')
    RED.events.off('flows:stopping', stopping)
    RED.events.off('flows:started', started)
    RED.events.off('runtime-event', stopped)
  }
}
