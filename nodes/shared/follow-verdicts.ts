/**
 * Node-RED's hooks and events, as `VerdictsInFlight` wants to hear of them. Hooks see every message of every flow: these are there only while a node of
 * another package lies between verdicts and what records them (docs/decisions/0010-hooks-only-where-verdicts-wait.md).
 */
import type { Node, NodeAPI, NodeMessage } from 'node-red'
import { Ledger } from '../../engine/frame/ledger.ts'
import type { FlowNode } from './flow-graph.ts'
import { VerdictsInFlight, type Afterwards } from './verdicts-in-flight.ts'

/** As the hooks give them. */
interface Place { id: string, node: Node }
interface Received { msg: NodeMessage, destination: Place }
interface Completed { msg: NodeMessage, node: Place }
interface Sent { msg: NodeMessage, source: Place, destination: { id: string } }
interface RuntimeEvent { id: string, payload?: { state?: string, deploy?: boolean } }

let unfollow: (() => void) | undefined

/** Once for a runtime, however many nodes there are. `tell` hears what became of the verdicts of a stop, where there were any. */
export function followVerdicts (RED: NodeAPI, tell: (afterwards: Afterwards) => void): void {
  unfollow?.()
  const verdicts = new VerdictsInFlight()
  let ledger: Ledger | undefined
  const say = (afterwards: Afterwards): void => {
    const { delivered, lost } = afterwards
    if (delivered + lost === 0) return
    ledger ??= new Ledger('other-nodes')
    ledger.enter(delivered + lost)
    ledger.leave(delivered)
    ledger.drop('flow-stopped', lost)
    tell(afterwards)
  }

  const unhook = (): void => { RED.hooks.remove('*.goodparts') }
  const hook = (): void => {
    unhook()
    RED.hooks.add('onReceive.goodparts', ({ msg, destination }: Received) => { verdicts.received(destination.node, msg) })
    RED.hooks.add('onComplete.goodparts', ({ msg, node }: Completed) => { verdicts.completed(node.node, msg) })
    RED.hooks.add('preRoute.goodparts', ({ msg, source, destination }: Sent) => { verdicts.routed(source.node, destination.id, msg) })
    RED.hooks.add('preDeliver.goodparts', ({ msg, destination }: Sent) => { verdicts.delivered(destination.id, msg) })
  }

  const stopping = (): void => { verdicts.stopping() }
  const started = ({ config }: { config: { flows: FlowNode[] } }): void => {
    say(verdicts.started(config.flows, (id) => RED.nodes.getNode(id)))
    if (verdicts.isPossible) hook()
    else unhook()
  }
  /** Told after each stop; one for a deploy is followed by a start. */
  const stopped = ({ id, payload }: RuntimeEvent): void => { if (id === 'runtime-state' && payload?.state === 'stop' && payload.deploy !== true) say(verdicts.ended()) }
  RED.events.on('flows:stopping', stopping)
  RED.events.on('flows:started', started)
  RED.events.on('runtime-event', stopped)

  unfollow = () => {
    ledger?.close()
    unhook()
    RED.events.off('flows:stopping', stopping)
    RED.events.off('flows:started', started)
    RED.events.off('runtime-event', stopped)
  }
}
