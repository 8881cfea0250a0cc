/** Judges each frame that comes in: good, review, reject, or not inspected, on an output of its own. */
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { Inspector, type InspectorOptions } from '../../engine/decision/inspector.ts'
import { VerdictTally } from '../../engine/decision/verdict-tally.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import { isFrame } from '../../engine/frame/frame.ts'
import type { SlotState } from '../../engine/decision/model-slot.ts'
import type { ModelNode } from '../model/goodparts-model.ts'
import { AuditTrail } from '../shared/audit-trail.ts'
import { followVerdicts } from '../shared/follow-verdicts.ts'
import { configurationNode } from '../shared/configuration-node.ts'
import { onClose, onInput, refuse, tellOnceStarted } from '../shared/lifecycle.ts'
import { holdName } from '../shared/same-names.ts'
import { Status } from '../shared/status.ts'
import { deployReport } from './deploy-report.ts'
import { limitsInForce, onOutputs, partOf, type Message } from './judged-message.ts'
import { readScoreForm, scoreStatus, whyNoModel, type ScoreForm } from './settings.ts'

type Config = NodeDef & ScoreForm & { model: string }

const STATUS_MS = 1000

export default function register (RED: NodeAPI): void {
  function ScoreNode (this: Node, config: Config): void {
    RED.nodes.createNode(this, config)
    const status = new Status(this)
    const model = configurationNode(RED, config.model, 'goodparts-model') as ModelNode | null
    try {
      start(this, status, model, readScoreForm(config, this.id, this.name))
    } catch (cause) {
      refuse(RED, this, status, RED._('goodparts-score.status.notConfigured'), cause)
    }
  }

  function start (node: Node, status: Status, model: ModelNode | null, options: InspectorOptions): void {
    holdName(RED, node, status, 'judge', options.line, options.product ?? '')
    let state: SlotState = { kind: 'empty' }
    const inspector = new Inspector(() => model?.current() ?? (state.kind === 'loading' ? 'loading' : undefined), options)
    const trail = new AuditTrail(RED, node, options.line)
    const tally = new VerdictTally()
    const show = (): void => {
      const { kind, text, values } = scoreStatus(state, tally.summary(), model?.bundlePath)
      status.show(kind, RED._(`goodparts-score.status.${text}`, values))
    }
    const timer = model === null ? undefined : setInterval(show, STATUS_MS).unref()
    model?.register(node.id, (changed) => {
      state = changed
      inspector.modelChanged()
      show()
      if (changed.kind !== 'ready') return
      const { model: { metadata: { id } }, decision } = changed.current
      trail.tell({ kind: 'limits-changed', details: { bundle: id } }, limitsInForce(decision, model.rates)).catch((cause: unknown) => { node.warn(String(cause)) })
    })
    const problem = whyNoModel(model)
    if (model === null) status.show('failed', RED._('goodparts-score.status.notConfigured'))
    if (problem !== undefined) tellOnceStarted(RED, node)(problem)

    onInput(node, async (msg: Message) => {
      const { frame } = msg
      if (!isFrame(frame)) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected msg.frame to be a frame, got none', { fix: 'Wire a capture or image-in node into the score node.' })
      const inspection = await inspector.inspect(frame, partOf(msg))
      tally.add(inspection.record.verdict)
      return onOutputs(msg, inspection, model?.current()?.decision)
    })
    onClose(node, async () => {
      clearInterval(timer)
      model?.deregister(node.id)
      inspector.close()
      status.close()
      await trail.close()
    })
  }
  RED.nodes.registerType('goodparts-score', ScoreNode)
  followVerdicts(RED, deployReport(RED))
}
