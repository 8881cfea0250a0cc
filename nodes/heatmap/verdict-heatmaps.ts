/** The heatmaps of one node: the detector's map over each verdict's frame, which the verdict waits for, and other methods, which come later. */
import { asGoodpartsError } from '../../engine/errors.ts'
import { ExplanationProcess } from '../../engine/explain/explanation-process.ts'
import { ExplanationThread } from '../../engine/explain/explanation-thread.ts'
import { isFrame } from '../../engine/frame/frame.ts'
import type { ModelNode } from '../model/goodparts-model.ts'
import { isFull, partRequest, within, withMap, withMethods, withState, type Asked, type Message } from './part-explanations.ts'
import { readZones, type HeatmapSettings } from './settings.ts'

/** No verdict waits longer for its heatmap, or for that of one before it. */
const LONGEST_WAIT_MS = 5000

export interface HeatmapListener {
  /** Other methods have answered. */
  explained: (message: Message) => void
  failed: (error: unknown, msg: Message) => void
}

export class VerdictHeatmaps {
  readonly #settings: HeatmapSettings
  readonly #model: ModelNode | null
  readonly #listener: HeatmapListener
  readonly #thread: ExplanationThread
  readonly #others: ExplanationProcess
  #earlier: Promise<unknown> = Promise.resolve()
  #latest: number | undefined
  #isClosed = false

  constructor (hop: string, settings: HeatmapSettings, model: ModelNode | null, listener: HeatmapListener) {
    this.#settings = settings
    this.#model = model
    this.#listener = listener
    this.#thread = new ExplanationThread(hop, settings.capacity)
    this.#others = new ExplanationProcess(`${hop}/methods`, settings.capacity)
  }

  /** How long the last heatmap took, in milliseconds. */
  get latest (): number | undefined {
    return this.#latest
  }

  /** Verdicts that went on without a heatmap, and those that no other method could take. */
  get left (): { dropped: number, without: number } {
    const [dropped = 0, without = 0] = [this.#thread, this.#others].map(({ ledger }) => Object.values(ledger.dropped).reduce((sum, count) => sum + count, 0))
    return { dropped, without }
  }

  /** Verdicts resolve in the order in which they came, so that none overtakes one that is explained; `error`: why one has no heatmap. */
  async explain (msg: Message): Promise<{ message: Message, error?: Error }> {
    const turn = this.#earlier
    const asked: Asked = {}
    const explained = within(LONGEST_WAIT_MS, this.#explain(msg, asked))
    this.#earlier = Promise.allSettled([turn, explained])
    const [outcome] = await Promise.allSettled([explained, turn])
    // A verdict must reach its sinks, explained or not.
    return outcome.status === 'fulfilled' ? { message: outcome.value } : { message: withState(msg, asked), error: asGoodpartsError(outcome.reason, 'GOODPARTS_EXPLANATION_FAILED') }
  }

  async close (): Promise<void> {
    this.#isClosed = true
    await Promise.all([this.#thread.close(), this.#others.close()])
  }

  async #explain (msg: Message, asked: Asked): Promise<Message> {
    const { frame, inspection, anomalyMap: map } = msg
    if (!isFrame(frame) || inspection === undefined || !this.#settings.chosen.has(inspection.verdict)) return msg
    const zones = msg.zones === undefined ? this.#settings.zones : readZones(msg.zones, 'msg.zones')
    const request = partRequest(frame, inspection, this.#model, { ...this.#settings, zones })
    if (request !== null) {
      asked.state = 'explaining'
      // No verdict waits for these.
      this.#others.explain(request).then((found) => { this.#listener.explained(withMethods(msg, inspection, found)) }, (error: unknown) => {
        if (isFull(error)) asked.state = 'queue-full'
        else if (!this.#isClosed) {
          this.#listener.failed(error, msg)
          const { message: reason } = asGoodpartsError(error, 'GOODPARTS_EXPLANATION_FAILED')
          this.#listener.explained(withMethods(msg, inspection, { explanations: [], without: request.methods.map((method) => ({ method, reason })), evidence: null }))
        }
      })
    }
    if (map === undefined) return withState(msg, asked)
    const { score, limits } = inspection
    const result = await this.#thread.explain(frame, map, { ...this.#settings.looks, zones, judged: score === null || limits === null ? null : { score, limits } })
    this.#latest = result.milliseconds
    return withMap(msg, inspection, map, result, asked.state)
  }
}
