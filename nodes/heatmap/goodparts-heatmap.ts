/** The detector's map over the frame, for the verdicts chosen; everything else passes unchanged. */
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red'
import { ExplanationThread } from '../../engine/explain/explanation-thread.ts'
import type { AnomalyMap } from '../../engine/frame/anomaly-map.ts'
import { EncodedImage } from '../../engine/frame/encoded-image.ts'
import { isFrame } from '../../engine/frame/frame.ts'
import type { InspectionRecord, Region } from '../../schemas/inspection.ts'
import { onClose, onInput } from '../shared/lifecycle.ts'
import { Status } from '../shared/status.ts'

const STATUS_MS = 1000

interface Config extends NodeDef {
  explainGood: boolean
  explainReview: boolean
  explainReject: boolean
  opacity: string
  quality: string
  capacity: string
}

interface Explanation {
  method: 'anomaly-map'
  sha256: string
  mediaType: 'image/jpeg'
  regions: Region[]
  map: AnomalyMap
  overlay: EncodedImage
  milliseconds: number
}

interface Message extends NodeMessageInFlow {
  frame?: unknown
  inspection?: InspectionRecord
  anomalyMap?: AnomalyMap
  explanation?: Explanation
}

export default function register (RED: NodeAPI): void {
  function HeatmapNode (this: Node, config: Config): void {
    RED.nodes.createNode(this, config)
    const status = new Status(this)
    const thread = new ExplanationThread(`heatmap/${this.id}`, Number(config.capacity) || 8)
    const chosen = new Set([config.explainGood && 'good', config.explainReview && 'review', config.explainReject && 'reject'])
    let latest: number | undefined
    const timer = setInterval(show, STATUS_MS).unref()
    const looks = { opacity: Number(config.opacity), quality: Number(config.quality) || 85 }

    let earlier = Promise.resolve()

    /** Verdicts leave in the order in which they came, so that none overtakes one that is explained. */
    onInput(this, async (msg: Message, send) => {
      const turn = earlier
      const explained = explain(msg)
      earlier = Promise.allSettled([turn, explained]).then(() => undefined)
      const [outcome] = await Promise.allSettled([explained, turn])
      // A verdict must reach its sinks, explained or not.
      send(outcome.status === 'fulfilled' ? outcome.value : msg)
      if (outcome.status === 'rejected') throw outcome.reason
      return null
    })

    async function explain (msg: Message): Promise<Message> {
      const { frame, inspection, anomalyMap: map } = msg
      if (!isFrame(frame) || inspection === undefined || map === undefined || !chosen.has(inspection.verdict)) return msg
      const { score, limits } = inspection
      const { jpeg, sha256, regions, milliseconds } = await thread.explain(frame, map, { ...looks, judged: score === null || limits === null ? null : { score, limits } })
      const overlay = new EncodedImage(Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength), 'image/jpeg')
      latest = milliseconds
      const [method, mediaType] = ['anomaly-map', 'image/jpeg'] as const
      const explanation: Explanation = { method, sha256, mediaType, regions, map, overlay, milliseconds }
      return { ...msg, payload: overlay.bytes(), explanation, inspection: { ...inspection, regions, explanation: { sha256, mediaType, method } } }
    }
    onClose(this, async () => {
      clearInterval(timer)
      status.close()
      await thread.close()
    })

    function show (): void {
      const dropped = Object.values(thread.ledger.dropped).reduce((sum, count) => sum + count, 0)
      if (dropped > 0) status.show('degraded', RED._('goodparts-heatmap.status.degraded', { dropped }))
      else if (latest !== undefined) status.show('running', RED._('goodparts-heatmap.status.running', { ms: Math.round(latest) }))
    }
  }
  RED.nodes.registerType('goodparts-heatmap', HeatmapNode)
}
