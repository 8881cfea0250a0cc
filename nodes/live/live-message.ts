/** What a message says to the live page. */
import type { CaptureEvent } from '../../schemas/capture-event.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import type { FitEnd, FitProgress, WeakPromise } from '../../schemas/live.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import type { AnomalyMap } from '../../engine/frame/anomaly-map.ts'
import { isFrame } from '../../engine/frame/frame.ts'
import type { LivePublication, LineExplainer, PartExplanations } from '../../engine/live/publication.ts'
import type { PartExplanationMessage } from '../heatmap/part-explanations.ts'
import { validate } from '../../engine/schema-validation.ts'

export type LiveInput =
  | { kind: 'publication', publication: LivePublication }
  | { kind: 'explanations', explanations: PartExplanations }
  | { kind: 'word', line: string, eventId: string, label: string, wordId?: string }
  | { kind: 'notice', line: string, notice: CaptureEvent | FitProgress | FitEnd }

interface Message {
  topic?: unknown
  payload?: unknown
  frame?: unknown
  inspection?: unknown
  anomalyMap?: unknown
  explanation?: unknown
  weakPromise?: unknown
  explaining?: unknown
  explainer?: unknown
  eventId?: unknown
  label?: unknown
  wordId?: unknown
  line?: unknown
}

/**
 * A verdict, a bare frame, a notice, or a word on a part (`eventId` and `label`). `name` is the line as configured; left empty, the record names it, then the topic, then the source.
 * @throws GOODPARTS_ARGUMENT for a message with nothing to show, GOODPARTS_SCHEMA_INVALID for a record that is none.
 */
export function readLiveMessage (message: Message, name: string): LiveInput {
  const { frame, inspection, payload } = message
  const notice = readNotice(payload)
  if (notice !== undefined && frame === undefined) {
    return { kind: 'notice', line: firstName(name, message.topic, 'source' in notice ? notice.source : undefined), notice }
  }
  if (inspection === undefined && frame === undefined && typeof message.eventId === 'string' && typeof message.label === 'string') {
    if (name !== '' && typeof message.line === 'string' && message.line.trim() !== '' && message.line.trim() !== name) {
      throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected a label for the line ${name}, got one for ${message.line.trim()}`, { fix: 'Wire labels into the live node of their line' })
    }
    return { kind: 'word', line: firstName(name, message.line), eventId: message.eventId, label: message.label, ...(typeof message.wordId === 'string' ? { wordId: message.wordId } : {}) }
  }
  if (inspection === undefined && !isFrame(frame)) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected msg to have an inspection, a frame, an event of a capture or fit node, or an eventId and a label, got none of them',
      { fix: 'Wire the outputs of a score, capture or fit node into the live node' })
  }
  const record: InspectionRecord | undefined = inspection === undefined ? undefined : validate('inspection', inspection)
  const methods = (message.explanation as Partial<PartExplanationMessage> | null | undefined)?.methods
  if (record !== undefined && Array.isArray(methods)) {
    const line = firstName(name, record.line, message.topic)
    return { kind: 'explanations', explanations: readExplanations(line, record.eventId, message.explanation as PartExplanationMessage) }
  }
  const map = readMap(message)
  const { others = message.explaining } = (message.explanation ?? {}) as { others?: unknown }
  return {
    kind: 'publication',
    publication: {
      line: firstName(name, record?.line, message.topic, isFrame(frame) ? frame.source : undefined),
      ...(isFrame(frame) ? { frame } : {}),
      ...(record === undefined ? {} : { record }),
      ...(map === undefined ? {} : { map }),
      ...readPromise(message.weakPromise),
      ...(others === 'explaining' || others === 'queue-full' ? { explaining: others } : {}),
      ...(isLineExplainer(message.explainer) ? { explainer: message.explainer } : {})
    }
  }
}

function readNotice (payload: unknown): CaptureEvent | FitProgress | FitEnd | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined
  if ('schema' in payload && payload.schema === 'goodparts.capture-event/1') return validate('capture-event', payload)
  if (!('kind' in payload)) return undefined
  if (payload.kind === 'fit-progress') return readProgress(payload)
  return payload.kind === 'fit-ended' ? readEnd(payload) : undefined
}

function readProgress (payload: object): FitProgress {
  const { stage, done, total, text, share } = payload as Partial<Record<keyof FitProgress, unknown>>
  const count = (value: unknown): number => typeof value === 'number' && Number.isFinite(value) ? value : 0
  const known = typeof share === 'number' && share >= 0 && share <= 1 ? { share } : {}
  return { kind: 'fit-progress', stage: words(stage), done: count(done), total: count(total), text: words(text), ...known }
}

function readEnd (payload: object): FitEnd {
  const { outcome, text, code, fix } = payload as Partial<Record<keyof FitEnd, unknown>>
  return { kind: 'fit-ended', outcome: outcome === 'failed' ? outcome : 'cancelled', text: words(text), code: words(code) || null, fix: words(fix) || null }
}

function words (value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** What the second output of a heatmap node says. */
function readExplanations (line: string, eventId: string, { methods, without, evidence }: PartExplanationMessage): PartExplanations {
  return {
    line,
    eventId,
    methods: methods.map(({ method, map, regions, faithfulness, skipped, milliseconds }) =>
      ({ method, map, regions, skipped, milliseconds, insertion: faithfulness?.insertion ?? null, deletion: faithfulness?.deletion ?? null })),
    without: without.map(({ method, reason, code }) => ({ method, reason, ...(typeof code === 'string' ? { code } : {}) })),
    evidence: evidence === null ? null : { name: evidence.name, jpeg: evidence.picture.bytes() }
  }
}

function readPromise (given: unknown): Pick<LivePublication, 'weakPromise'> {
  if (given === null) return { weakPromise: null }
  if (typeof given !== 'object') return {}
  const { asked, promised, atMost, heldOut, needed } = given as WeakPromise
  return [asked, promised, atMost, heldOut, needed].every(Number.isFinite) ? { weakPromise: { asked, promised, atMost, heldOut, needed } } : {}
}

function readMap ({ anomalyMap, explanation }: Message): AnomalyMap | undefined {
  const candidates = [anomalyMap, (explanation as { map?: unknown } | undefined)?.map]
  return candidates.find((value): value is AnomalyMap => Object.prototype.toString.call(value) === '[object GoodpartsAnomalyMap]')
}

function isLineExplainer (value: unknown): value is LineExplainer {
  return Object.prototype.toString.call(value) === '[object GoodpartsLineExplainer]'
}

function firstName (...names: unknown[]): string {
  return names.find((name): name is string => typeof name === 'string' && name.trim() !== '') ?? 'line'
}
