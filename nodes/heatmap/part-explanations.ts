/** What the heatmap node's messages say of explanations. */
import type { NodeMessageInFlow } from 'node-red'
import { asGoodpartsError, GoodpartsError } from '../../engine/errors.ts'
import type { ExplainingState, FoundExplanations, LineExplainer } from '../../engine/live/publication.ts'
import type { ExplanationResult } from '../../engine/explain/anomaly-map/explain.ts'
import type { ExplanationMethod } from '../../engine/explain/explainer.ts'
import type { PartExplanation, PartRequest } from '../../engine/explain/part-explanation.ts'
import { AnomalyMap } from '../../engine/frame/anomaly-map.ts'
import { EncodedImage } from '../../engine/frame/encoded-image.ts'
import type { RawImage } from '../../engine/frame/image-codec.ts'
import type { InspectionRecord, Region } from '../../schemas/inspection.ts'
import type { ModelNode } from '../model/goodparts-model.ts'
import type { HeatmapSettings } from './settings.ts'

export interface Explanation {
  method: string
  sha256: string
  /** Of the map's values, float32. */
  mapSha256: string
  mediaType: 'image/jpeg'
  regions: Region[]
  map: AnomalyMap
  overlay: EncodedImage
  milliseconds: number
  /** What becomes of the other methods, whose answers come on the second output; only where there are any. */
  others?: ExplainingState
}

/** By one of the methods that ask the model. */
export interface MethodExplanationMessage extends Explanation {
  /** Insertion and deletion on this part, relative to its score; `null` where it was not asked for, or the part scores hardly above good ones. */
  faithfulness: { insertion: number, deletion: number, drop: number, increase: number } | null
  /** What the budget left out. */
  skipped: string | null
}

/** The first method's map and all of them; no map where no method gave one. */
export type PartExplanationMessage = Partial<MethodExplanationMessage> & {
  methods: MethodExplanationMessage[]
  /** `code` is that of an error. */
  without: Array<{ method: string, reason: string, code?: string }>
  evidence: { name: string, sha256: string, mediaType: 'image/jpeg', picture: EncodedImage } | null
}

export interface Message extends NodeMessageInFlow {
  frame?: unknown
  inspection?: InspectionRecord
  anomalyMap?: AnomalyMap
  explanation?: Explanation | PartExplanationMessage
  zones?: unknown
  /** As `Explanation.others`, of a verdict that goes on without a heatmap. */
  explaining?: ExplainingState
  /** Whom the live page asks for more. */
  explainer?: LineExplainer
}

/** What other methods make of a part; absent where none was asked. `isTold` once the verdict has gone on with it. */
export interface Asked { state?: ExplainingState, isTold?: boolean }

/** The message of a verdict without a heatmap. */
export function withState (msg: Message, { state }: Asked): Message {
  return state === undefined ? msg : { ...msg, explaining: state }
}

const mediaType = 'image/jpeg'

/** The message with the detector's own map over the frame. */
export function withMap (msg: Message, inspection: InspectionRecord, map: AnomalyMap, { jpeg, ...found }: ExplanationResult, { state: others }: Asked): Message {
  const method = 'anomaly-map'
  const overlay = picture(jpeg)
  return {
    ...msg,
    payload: overlay.bytes(),
    explanation: { method, ...found, mediaType, map, overlay, ...(others === undefined ? {} : { others }) },
    inspection: { ...inspection, regions: found.regions, explanation: { sha256: found.sha256, mediaType, method } }
  }
}

/** What the process is asked; `null` where no method is chosen, or no bundle is loaded that judged this part. */
export function partRequest (image: RawImage, inspection: InspectionRecord, model: ModelNode | null, settings: HeatmapSettings): PartRequest | null {
  const current = model?.current()
  if (settings.methods.length === 0 || current === undefined || current.model.metadata.id !== inspection.bundle?.id) return null
  const { methods, budget, judge, zones, looks } = settings
  const bundle = { path: current.path, id: current.model.metadata.id }
  return { bundle, image, methods, budget, seed: 0, judge, zones, ...looks }
}

/** The message with the first method's map, and all of them; its payload is `null` when no method gave any. */
export function withMethods (msg: Message, inspection: InspectionRecord, { explanations, without, evidence }: PartExplanation): Message & { explanation: PartExplanationMessage } {
  const methods = explanations.map(({ map, quantised, jpeg, forwards: _forwards, ...rest }): MethodExplanationMessage =>
    ({ ...rest, mediaType, map: new AnomalyMap(map.values, map.height, map.width, quantised), overlay: picture(jpeg) }))
  const [first] = methods
  const pair = evidence === null ? null : { name: evidence.name, sha256: evidence.sha256, mediaType, picture: picture(evidence.jpeg) } as const
  const explanation: PartExplanationMessage = { ...first, methods, without, evidence: pair }
  if (first === undefined) return { ...msg, payload: null, explanation }
  const { method, sha256, regions, overlay } = first
  return { ...msg, payload: overlay.bytes(), explanation, inspection: { ...inspection, regions, explanation: { sha256, mediaType, method } } }
}

/** The message of a part that no method could take or finish. */
export function withoutMethods (msg: Message, inspection: InspectionRecord, methods: readonly ExplanationMethod[], error: unknown): Message {
  const { message: reason, code } = asGoodpartsError(error, 'GOODPARTS_EXPLANATION_FAILED')
  const message = withMethods(msg, inspection, { explanations: [], without: [], evidence: null })
  return { ...message, explanation: { ...message.explanation, without: methods.map((method) => ({ method, reason, code })) } }
}

/** The same for the page that asked. */
export function foundExplanations ({ explanations, without, evidence }: PartExplanation): FoundExplanations {
  return {
    methods: explanations.map(({ method, map, quantised, regions, faithfulness, skipped, milliseconds }) =>
      ({ method, map: new AnomalyMap(map.values, map.height, map.width, quantised), regions, skipped, milliseconds, insertion: faithfulness?.insertion ?? null, deletion: faithfulness?.deletion ?? null })),
    without,
    evidence: evidence === null ? null : { name: evidence.name, jpeg: bytes(evidence.jpeg) }
  }
}

function picture (jpeg: Uint8Array): EncodedImage {
  return new EncodedImage(bytes(jpeg), mediaType)
}

function bytes (jpeg: Uint8Array): Buffer {
  return Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength)
}

/** @throws GOODPARTS_EXPLANATION_FAILED when it takes longer. */
export async function within<Result> (milliseconds: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => { reject(new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', `Expected a heatmap within ${milliseconds} ms, got none; the verdict goes on without`)) }, milliseconds)
  })
  return Promise.race([work, tooLate]).finally(() => { clearTimeout(timer) })
}

/** Other methods take longer than parts come: those that are left out are counted, and no error each. */
export function isFull (error: unknown): boolean {
  return error instanceof GoodpartsError && error.code === 'GOODPARTS_QUEUE_FULL'
}
