/** The detector's map over the frame, for the verdicts chosen; everything else passes unchanged. Other methods follow on a second output. */
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { GoodpartsError } from '../../engine/errors.ts'
import { ExplanationProcess } from '../../engine/explain/explanation-process.ts'
import { ExplanationThread } from '../../engine/explain/explanation-thread.ts'
import type { ExplainingState } from '../../engine/live/publication.ts'
import { isFrame } from '../../engine/frame/frame.ts'
import type { ModelNode } from '../model/goodparts-model.ts'
import { onClose, onInput, refuse } from '../shared/lifecycle.ts'
import { Status } from '../shared/status.ts'
import { isFull, partRequest, within, withMap, withMethods, type Message } from './part-explanations.ts'
import { readHeatmapForm, readZones, type HeatmapForm, type HeatmapSettings } from './settings.ts'

const STATUS_MS = 1000
/** No verdict waits longer for its heatmap, or for that of one before it. */
const LONGEST_WAIT_MS = 5000

export default function register (RED: NodeAPI): void {
  function HeatmapNode (this: Node, config: NodeDef & HeatmapForm): void {
    RED.nodes.createNode(this, config)
    const status = new Status(this)
    try {
      const settings = readHeatmapForm(config)
      start(this, status, settings, settings.methods.length === 0 ? null : RED.nodes.getNode(config.model ?? '') as ModelNode | null)
    } catch (cause) {
      refuse(this, status, RED._('goodparts-heatmap.status.notConfigured'), cause)
    }
  }

  function start (node: Node, status: Status, settings: HeatmapSettings, model: ModelNode | null): void {
    if (settings.methods.length > 0 && model === null) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected a model to be chosen for the methods, got none', { fix: 'Choose the model of the score node in the heatmap node.' })
    const thread = new ExplanationThread(`heatmap/${node.id}`, settings.capacity)
    const others = new ExplanationProcess(`heatmap/${node.id}/methods`, settings.capacity)
    let latest: number | undefined
    let closed = false
    const timer = setInterval(show, STATUS_MS).unref()
    let earlier = Promise.resolve()
    model?.register(node.id, () => {})

    /** Verdicts leave in the order in which they came, so that none overtakes one that is explained. */
    onInput(node, async (msg: Message, send) => {
      const turn = earlier
      const explained = within(LONGEST_WAIT_MS, explain(msg))
      earlier = Promise.allSettled([turn, explained]).then(() => undefined)
      const [outcome] = await Promise.allSettled([explained, turn])
      // A verdict must reach its sinks, explained or not.
      send(outcome.status === 'fulfilled' ? outcome.value : msg)
      if (outcome.status === 'rejected') throw outcome.reason
      return null
    })

    async function explain (msg: Message): Promise<Message> {
      const { frame, inspection, anomalyMap: map } = msg
      if (!isFrame(frame) || inspection === undefined || !settings.chosen.has(inspection.verdict)) return msg
      const zones = msg.zones === undefined ? settings.zones : readZones(msg.zones, 'msg.zones')
      const request = partRequest(frame, inspection, model, { ...settings, zones })
      // No verdict waits for these.
      const later = request === null ? undefined : others.explain(request)
      let state: ExplainingState | undefined = later === undefined ? undefined : 'explaining'
      later?.then((found) => { node.send([null, withMethods(msg, inspection, found)]) }, (error: unknown) => {
        if (isFull(error)) state = 'queue-full'
        else if (!closed) node.error(error, msg)
      })
      if (map === undefined) return msg
      const { score, limits } = inspection
      const result = await thread.explain(frame, map, { ...settings.looks, zones, judged: score === null || limits === null ? null : { score, limits } })
      latest = result.milliseconds
      return withMap(msg, inspection, map, result, state)
    }
    onClose(node, async () => {
      closed = true
      clearInterval(timer)
      model?.deregister(node.id)
      status.close()
      await Promise.all([thread.close(), others.close()])
    })

    function show (): void {
      const [dropped = 0, without = 0] = [thread, others].map(({ ledger }) => Object.values(ledger.dropped).reduce((sum, count) => sum + count, 0))
      const ms = Math.round(latest ?? 0)
      if (dropped > 0) status.show('degraded', RED._('goodparts-heatmap.status.degraded', { dropped }))
      else if (without > 0) status.show('running', RED._('goodparts-heatmap.status.without', { ms, without }))
      else if (latest !== undefined) status.show('running', RED._('goodparts-heatmap.status.running', { ms }))
    }
  }
  RED.nodes.registerType('goodparts-heatmap', HeatmapNode)
}
