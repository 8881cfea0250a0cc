/** The detector's map over the frame, for the verdicts chosen; everything else passes unchanged. Other methods follow on a second output. */
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { GoodpartsError } from '../../engine/errors.ts'
import type { ModelNode } from '../model/goodparts-model.ts'
import { modelNotConfigured } from '../model/settings.ts'
import { configurationNode } from '../shared/configuration-node.ts'
import { onClose, onInput, refuse } from '../shared/lifecycle.ts'
import { Status } from '../shared/status.ts'
import type { Message } from './part-explanations.ts'
import { readHeatmapForm, type HeatmapForm, type HeatmapSettings } from './settings.ts'
import { VerdictHeatmaps } from './verdict-heatmaps.ts'

const STATUS_MS = 1000

export default function register (RED: NodeAPI): void {
  function HeatmapNode (this: Node, config: NodeDef & HeatmapForm): void {
    RED.nodes.createNode(this, config)
    const status = new Status(this)
    try {
      const settings = readHeatmapForm(config)
      start(this, status, settings, configurationNode(RED, config.model, 'goodparts-model') as ModelNode | null)
    } catch (cause) {
      // The records of all sinks behind it come through here.
      refuse(RED, this, status, RED._('goodparts-heatmap.status.notConfigured'), cause, 'passed on')
    }
  }

  function start (node: Node, status: Status, settings: HeatmapSettings, model: ModelNode | null): void {
    if (settings.methods.length > 0 && model === null) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected a model to be chosen for the methods, got none', { fix: 'Choose the model of the score node in the heatmap node.' })
    if (settings.methods.length > 0 && model?.formError !== undefined) throw modelNotConfigured(model.formError)
    const heatmaps = new VerdictHeatmaps(`heatmap/${node.id}`, settings, model, {
      explained: (message) => { node.send([null, message]) },
      failed: (error, msg) => { node.error(error, msg) }
    })
    const timer = setInterval(show, STATUS_MS).unref()
    // Node-RED would show what the node before it said, until there is a verdict to explain.
    status.show('stopped', RED._('goodparts-heatmap.status.idle'))
    model?.register(node.id, () => {})

    onInput(node, async (msg: Message, send) => {
      const { message, error } = await heatmaps.explain(msg)
      send(message)
      if (error !== undefined) throw error
      return null
    })
    onClose(node, async () => {
      clearInterval(timer)
      model?.deregister(node.id)
      status.close()
      await heatmaps.close()
    })

    function show (): void {
      const { latest, left: { dropped, without } } = heatmaps
      const ms = Math.round(latest ?? 0)
      if (dropped > 0) status.show('degraded', RED._('goodparts-heatmap.status.degraded', { dropped }))
      else if (without > 0) status.show('running', RED._('goodparts-heatmap.status.without', { ms, without }))
      else if (latest !== undefined) status.show('running', RED._('goodparts-heatmap.status.running', { ms }))
    }
  }
  RED.nodes.registerType('goodparts-heatmap', HeatmapNode)
}
