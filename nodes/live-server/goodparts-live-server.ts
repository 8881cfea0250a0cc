/** Configuration node: the live page's server, shared by the nodes that name it. */
import { homedir } from 'node:os'
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { LearningLines } from '../../engine/live/learning-line.ts'
import type { SaidOfPart } from '../../engine/live/part-words.ts'
import type { LiveServerOptions } from '../../engine/live/server.ts'
import type { GoodpartsError } from '../../engine/errors.ts'
import { AuditLog, auditPath } from '../../engine/store/audit-log.ts'
import { heardByUsers, onClose, tellError } from '../shared/lifecycle.ts'
import { PageLines, type LiveNode } from './page-lines.ts'
import { readLiveServerForm, type LiveServerCredentials, type LiveServerForm } from './settings.ts'
import { SharedServer, type ServerLease } from './shared-server.ts'
import { tlsOptions } from './tls-options.ts'

type Config = NodeDef & LiveServerForm & { tls?: string }

/** What other nodes see of it. */
export interface LiveServerNode extends Node<LiveServerCredentials> {
  /** Where replay buffers attach themselves; it outlives the server. */
  learning: LearningLines
  /** Tells what people say of parts. @returns ends the telling */
  hear: (listener: (said: SaidOfPart) => void) => () => void
  /** A share of the server for a live node, by its id: the server listens from the first lease to the last release. */
  lease: (id: string, node: LiveNode) => ServerLease
  /** The node has shown a line that a message named. */
  claim: (node: string, line: string) => void
}

export default function register (RED: NodeAPI): void {
  function LiveServerConfig (this: LiveServerNode, config: Config): void {
    RED.nodes.createNode(this, config)
    heardByUsers(RED, this)
    this.learning = new LearningLines({ audit: new AuditLog({ path: auditPath(RED.settings.userDir ?? homedir()) }) })
    const hearers = new Set<(said: SaidOfPart) => void>()
    this.hear = (listener) => {
      hearers.add(listener)
      return () => { hearers.delete(listener) }
    }
    const lines = new PageLines(RED, this.id)
    const shared = new SharedServer({
      open: async () => {
        const settings = readLiveServerForm(config, { id: this.id, userDir: RED.settings.userDir ?? homedir(), credentials: this.credentials })
        const options: LiveServerOptions = { ...settings, ...tlsOptions(RED, config.tls), memory: lines.memory, learning: this.learning, onSaid: (said) => { for (const hear of hearers) hear(said) }, onError: (error) => { this.debug(error.message) } }
        if (options.history !== undefined) options.history.onTrouble = (problem) => { tellHistory(this, problem) }
        const { LiveServer } = await import('../../engine/live/server.ts')
        return new LiveServer(options)
      },
      onListening: (url) => { this.log(RED._('goodparts-live-server.listening', { url })) },
      onFailed: (error) => { tellError(this, error) }
    })
    this.lease = (id, node) => lines.attach(id, node, shared.lease())
    this.claim = (node, line) => { lines.memory.claim(node, line) }
    onClose(this, async (removed) => {
      lines.close(removed)
      await shared.close().finally(async () => this.learning.audit?.close())
    })
  }

  function tellHistory (node: Node, problem: GoodpartsError | null): void {
    if (problem === null) node.log(RED._('goodparts-live-server.historyWorks'))
    else node.warn(RED._('goodparts-live-server.historyFailed', { problem: wholeText(problem) }))
  }

  RED.nodes.registerType('goodparts-live-server', LiveServerConfig as (this: Node, config: Config) => void, {
    credentials: { viewerToken: { type: 'password' }, operatorToken: { type: 'password' }, engineerToken: { type: 'password' } }
  })
}

function wholeText ({ message, fix }: GoodpartsError): string {
  return fix === null ? message : `${message}. ${fix}`
}
