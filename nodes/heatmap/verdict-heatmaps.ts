/** The heatmaps of one node: the detector's map over each verdict's frame, which the verdict waits for, and other methods, which come later. */
import { asGoodpartsError, GoodpartsError } from '../../engine/errors.ts'
import type { ExplanationMethod } from '../../engine/explain/explainer.ts'
import { ExplanationProcess } from '../../engine/explain/explanation-process.ts'
import type { PartExplanation } from '../../engine/explain/part-explanation.ts'
import { ExplanationThread } from '../../engine/explain/explanation-thread.ts'
import type { Zone } from '../../engine/decision/regions.ts'
import { isFrame } from '../../engine/frame/frame.ts'
import type { RawImage } from '../../engine/frame/image-codec.ts'
import type { FoundExplanations } from '../../engine/live/publication.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import type { ModelNode } from '../model/goodparts-model.ts'
import { AskedExplainer } from './asked-explainer.ts'
import { foundExplanations, isFull, partRequest, within, withMap, withMethods, withoutMethods, withState, type Asked, type Message } from './part-explanations.ts'
import { PartZones } from './part-zones.ts'
import type { HeatmapSettings } from './settings.ts'

/** No verdict waits longer for its heatmap, or for that of one before it. */
const LONGEST_WAIT_MS = 5000
/** Whose explanation goes first. */
const URGENCY = { other: 0, reject: 1, asked: 2 }

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
  readonly #explainer: AskedExplainer | undefined
  readonly #zones: PartZones
  readonly #longestWaitMs: number
  /** By the part's event, what the line itself has asked for and has no answer to yet. */
  readonly #underway = new Map<string, Promise<PartExplanation>>()
  #earlier: Promise<unknown> = Promise.resolve()
  #latest: number | undefined
  #isClosed = false

  constructor (hop: string, settings: HeatmapSettings, model: ModelNode | null, listener: HeatmapListener, { longestWaitMs = LONGEST_WAIT_MS } = {}) {
    this.#settings = settings
    this.#longestWaitMs = longestWaitMs
    this.#model = model
    this.#listener = listener
    this.#zones = new PartZones(settings.zones)
    this.#thread = new ExplanationThread(hop, settings.capacity)
    this.#others = new ExplanationProcess(`${hop}/methods`, settings.capacity)
    if (model !== null) this.#explainer = new AskedExplainer({ model, methods: settings.methods, isExplaining: (eventId) => this.#underway.has(eventId), explain: async (...part) => this.#asked(...part) })
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
    const explained = within(this.#longestWaitMs, this.#explain(msg, asked))
    this.#earlier = Promise.allSettled([turn, explained])
    const [outcome] = await Promise.allSettled([explained, turn])
    asked.isTold = true
    // A verdict must reach its sinks, explained or not.
    return outcome.status === 'fulfilled'
      ? { message: this.#withExplainer(outcome.value()) }
      : { message: this.#withExplainer(withState(msg, asked)), error: asGoodpartsError(outcome.reason, 'GOODPARTS_EXPLANATION_FAILED') }
  }

  async close (): Promise<void> {
    this.#isClosed = true
    this.#explainer?.close()
    await Promise.all([this.#thread.close(), this.#others.close()])
  }

  /** @returns The message as it is when the verdict goes on: until then the other methods may still find no place. */
  async #explain (msg: Message, asked: Asked): Promise<() => Message> {
    const { frame, inspection, anomalyMap: map } = msg
    if (!isFrame(frame) || inspection === undefined) return () => msg
    const zones = this.#zones.read(inspection.eventId, msg.zones)
    if (!this.#settings.chosen.has(inspection.verdict)) return () => msg
    const { width, height, channels } = frame
    this.#byOthers({ data: frame.pixels(), width, height, channels }, msg, inspection, zones, asked)
    if (map === undefined) return () => withState(msg, asked)
    const { score, limits } = inspection
    const result = await this.#thread.explain(frame, map, { ...this.#settings.looks, zones, judged: score === null || limits === null ? null : { score, limits } })
    this.#latest = result.milliseconds
    return () => withMap(msg, inspection, map, result, asked)
  }

  /** No verdict waits for these. */
  #byOthers (image: RawImage, msg: Message, inspection: InspectionRecord, zones: Zone[], asked: Asked): void {
    const request = partRequest(image, inspection, this.#model, { ...this.#settings, zones })
    if (request === null) return
    const { eventId, verdict } = inspection
    const urgency = verdict === 'reject' ? URGENCY.reject : URGENCY.other
    // On a line without pauses most of them.
    if (this.#others.turnAway(urgency)) {
      asked.state = 'queue-full'
      return
    }
    asked.state = 'explaining'
    const answer = this.#others.explain(request, { name: eventId, urgency })
    this.#underway.set(eventId, answer)
    answer.finally(() => { this.#underway.delete(eventId) }).then((found) => { this.#listener.explained(withMethods(msg, inspection, found)) }, (error: unknown) => {
      if (this.#isClosed) return
      if (isFull(error)) asked.state = 'queue-full'
      else this.#listener.failed(error, msg)
      // One that lost its place to a more urgent part was said to be on its way.
      if (!isFull(error) || asked.isTold === true) this.#listener.explained(withoutMethods(msg, inspection, request.methods, error))
    })
  }

  /** Somebody asks for a part that went by before; where it waits already, it need not be explained twice. */
  async #asked (image: RawImage, inspection: InspectionRecord, methods: ExplanationMethod[]): Promise<FoundExplanations> {
    const { eventId } = inspection
    const underway = methods.every((method) => this.#settings.methods.includes(method)) ? this.#underway.get(eventId) : undefined
    if (underway !== undefined) {
      this.#others.hurry(eventId, URGENCY.asked)
      return foundExplanations(await this.#others.withoutRest(underway))
    }
    const request = partRequest(image, inspection, this.#model, { ...this.#settings, zones: this.#zones.of(eventId), methods })
    if (request === null) throw new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', `Expected the bundle ${inspection.bundle?.id ?? 'none'} that judged the part to be loaded, got another`, { fix: 'Take a newer part' })
    try {
      return foundExplanations(await this.#others.withoutRest(this.#others.explain(request, { urgency: URGENCY.asked })))
    } catch (error) {
      // Who asked is told; so is who watches over the flow.
      if (!isFull(error) && !this.#isClosed) this.#listener.failed(error, { inspection } as Message)
      throw error
    }
  }

  #withExplainer (message: Message): Message {
    return this.#explainer === undefined || message.inspection === undefined ? message : { ...message, explainer: this.#explainer }
  }
}
