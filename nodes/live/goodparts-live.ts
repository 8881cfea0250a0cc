/** Shows a line on the live page. */
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { GoodpartsError } from '../../engine/errors.ts'
import type { LiveServerNode } from '../live-server/goodparts-live-server.ts'
import type { ServerLease } from '../live-server/shared-server.ts'
import { onClose, onInput } from '../shared/lifecycle.ts'
import { labelOf, NameConcern } from '../shared/same-names.ts'
import { Status } from '../shared/status.ts'
import { handOver } from './hand-over.ts'
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
    const serverNode = RED.nodes.getNode(config.server) as LiveServerNode | null
    if (serverNode === null) {
      status.show('failed', RED._('goodparts-live.status.notConfigured'))
      onInput(this, async () => await Promise.reject(new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected a live server to be chosen, got none', { fix: 'Choose one in the live node' })))
      return
    }
    const line = (config.line ?? '').trim()
    const concern = new NameConcern(RED, this, status)
    const lease = serverNode.lease(this.id, { line, mixed: (others) => { concern.tell(line, others.map(({ id, names }) => `${labelOf(RED.nodes.getNode(id))}: ${names.join(', ')}`)) } })
    /** Those that the server took, which bounds them. */
    const lines = new Set<string>()
    showState(status, lease, lines)
    const timer = setInterval(() => { showState(status, lease, lines) }, STATUS_MS).unref()

    // Nothing is kept while the server is away: the page shows what is, not what was.
    onInput(this, async (msg) => {
      const input = readLiveMessage(msg, line)
      if (input.kind === 'word') {
        const server = lease.server()
        if (server === undefined) throw new GoodpartsError('GOODPARTS_LIVE_FAILED', 'Expected the live server to be up when a label comes, got one that is not', { fix: 'Send the label again' })
        const { kind: _kind, line: of, eventId, label, ...word } = input
        await server.say(of, eventId, label, { who: `node:${this.id}`, ...word })
        return null
      }
      const taken = handOver(input, lease.server())
      if (taken.isTaken === true && !lines.has(taken.line)) {
        lines.add(taken.line)
        serverNode.claim(this.id, taken.line)
      }
      return await Promise.resolve(null)
    })

    const said = new SaidMessages(this, serverNode, (name) => name === line || lines.has(name))

    onClose(this, async () => {
      clearInterval(timer)
      await said.close()
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
