/** Shows a line on the live page. */
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { GoodpartsError } from '../../engine/errors.ts'
import type { LiveServerNode } from '../live-server/goodparts-live-server.ts'
import type { ServerLease } from '../live-server/shared-server.ts'
import { configurationNode } from '../shared/configuration-node.ts'
import { readText } from '../shared/form-values.ts'
import { onClose, onInput, refuse } from '../shared/lifecycle.ts'
import { labelOf, NameConcern } from '../shared/same-names.ts'
import { Status } from '../shared/status.ts'
import { HandOver } from './hand-over.ts'
import { readLiveMessage } from './live-message.ts'
import { SaidMessages } from './said-messages.ts'
import { shortly } from './server-problem.ts'

/** Flows of before have no line. */
type Config = NodeDef & { server: string, line?: string }

const STATUS_MS = 1000

export default function register (RED: NodeAPI): void {
  function Live (this: Node, config: Config): void {
    RED.nodes.createNode(this, config)
    const status = new Status(this)
    try {
      start(this, status, readText('the line', config.line), configurationNode(RED, config.server, 'goodparts-live-server') as LiveServerNode | null)
    } catch (cause) {
      refuse(RED, this, status, RED._('goodparts-live.status.notConfigured'), cause)
    }
  }

  function start (node: Node, status: Status, line: string, serverNode: LiveServerNode | null): void {
    if (serverNode === null) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected a live server to be chosen, got none', { fix: 'Choose one in the live node' })
    const concern = new NameConcern(RED, node, status)
    const lease = serverNode.lease(node.id, { line, mixed: (others) => { concern.tell(line, others.map(({ id, names }) => `${labelOf(RED.nodes.getNode(id))}: ${names.join(', ')}`)) } })
    /** Those that the server took, which bounds them. */
    const lines = new Set<string>()
    showState(status, lease, lines)
    const timer = setInterval(() => { showState(status, lease, lines) }, STATUS_MS).unref()

    const taken = (name: string): void => {
      if (!lines.has(name)) serverNode.claim(node.id, name)
      lines.add(name)
    }
    const handOver = new HandOver({ id: node.id, line, lease, taken })

    onInput(node, async (msg) => {
      const input = readLiveMessage(msg, line)
      if (input.kind === 'word') await handOver.say(input)
      else handOver.give(msg, input)
      return null
    })

    const said = new SaidMessages(node, serverNode, (name) => name === line || lines.has(name))

    onClose(node, async () => {
      clearInterval(timer)
      await said.close()
      // What came before the server was up still reaches it.
      await lease.tried
      handOver.close()
      status.close()
      await lease.release()
    })
  }

  function showState (status: Status, lease: ServerLease, lines: ReadonlySet<string>): void {
    const server = lease.server()
    if (server === undefined) {
      const problem = lease.problem()
      status.show(problem === undefined ? 'busy' : 'failed', RED._(`goodparts-live.status.${problem === undefined ? 'starting' : shortly(problem)}`))
      return
    }
    const rate = server.statistics().filter(({ line }) => lines.has(line)).reduce((sum, { framesPerSecond }) => sum + framesPerSecond, 0)
    status.show('running', RED._(`goodparts-live.status.${server.viewers === 1 ? 'viewer' : 'viewers'}`, { n: server.viewers, rate: rate.toFixed(0) }))
  }

  RED.nodes.registerType('goodparts-live', Live)
}
