/** Keeps a line learning: labelled parts in; accepted updates, events, and what a person should look at again out. */
import { rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red'
import { LineReplay, type LineReplayOptions } from '../../engine/continual/line-replay.ts'
import { asGoodpartsError } from '../../engine/errors.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import type { LiveServerNode } from '../live-server/goodparts-live-server.ts'
import type { ModelNode } from '../model/goodparts-model.ts'
import { AuditTrail } from '../shared/audit-trail.ts'
import { configurationNode } from '../shared/configuration-node.ts'
import { onClose, onInput, refuse, tellError } from '../shared/lifecycle.ts'
import { idle } from '../shared/line-closing.ts'
import { Status } from '../shared/status.ts'
import { announce } from './announcements.ts'
import { addContactSheetRoutes } from './contact-sheet-routes.ts'
import { take } from './commands.ts'
import { LabelKeeping } from './label-keeping.ts'
import { attach, learningLine } from './learning-line.ts'
import { showing } from './showing.ts'
import { watching } from './watched-model.ts'
import { isKeptWord, readLineNames, readReplayForm, type ReplayForm, type ReplayMessage } from './settings.ts'

/** Flows of before name no live page. */
type Config = NodeDef & ReplayForm & { model: string, server?: string, line?: string }
type Message = NodeMessageInFlow & ReplayMessage & { inspection?: InspectionRecord }

export default function register (RED: NodeAPI): void {
  const lines = addContactSheetRoutes(RED)

  function ReplayBufferNode (this: Node, config: Config): void {
    RED.nodes.createNode(this, config)
    const status = new Status(this)
    const model = configurationNode(RED, config.model, 'goodparts-model') as ModelNode | null
    try {
      const options = readReplayForm(config, { id: this.id, userFolder: RED.settings.userDir ?? homedir(), model })
      start(this, status, model as ModelNode, config, options)
    } catch (cause) {
      refuse(RED, this, status, RED._('goodparts-replay-buffer.status.notConfigured'), cause)
    }
  }

  function start (node: Node, status: Status, model: ModelNode, config: Config, options: LineReplayOptions): void {
    const line = new LineReplay(options)
    const { product, name } = readLineNames(config)
    const trail = new AuditTrail(RED, node, name || null)
    const page = configurationNode(RED, config.server, 'goodparts-live-server') as LiveServerNode | null
    const show = (): void => { shown.ask() }
    const labels = new LabelKeeping({ id: node.id, line, trail, show })
    const shown = showing(RED, { line, labels, status, page })
    const learning = learningLine({ id: node.id, product, line, labels, model, show })
    const detach = attach(RED, page, name, learning)
    model.register(node.id, watching(line))
    announce(line, { node, model, trail, topic: config.name || node.id, path: options.request.bundle, show })
    lines.set(node.id, { node, learning, trail })
    line.recall().catch((cause: unknown) => { tellError(node, asGoodpartsError(cause, 'GOODPARTS_STORE_FAILED')) }).finally(show)

    onInput(node, async (msg: Message) => {
      if (isKeptWord(msg.payload, node.id)) return null
      const answer = await take({ line, model, trail, labels, product }, msg)
      show()
      return answer === null ? null : [null, answer, null]
    })
    onClose(node, async (removed) => {
      lines.delete(node.id)
      // What is being kept is kept; what is being looked at tells nothing more.
      await Promise.all([line.endWatch(), idle(node)])
      await labels.close()
      model.deregister(node.id)
      await line.close()
      detach(removed)
      await trail.close()
      if (removed) await rm(options.request.folder, { recursive: true, force: true })
      shown.close()
      status.close()
    })
  }

  RED.nodes.registerType('goodparts-replay-buffer', ReplayBufferNode)
}
