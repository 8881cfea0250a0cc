/** Explanations that people ask for at the page, of parts that are kept: one of a part at a time, a few of a line. */
import type { ExplanationOffer } from '../../schemas/live.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import { asGoodpartsError, GoodpartsError } from '../errors.ts'
import type { KeptParts } from './kept-parts.ts'
import type { FoundExplanations, LineExplainer } from './publication.ts'

/** Of one line, on their way. */
const WAITING = 4

export interface AskedExplanationsOptions {
  parts: Pick<KeptParts, 'find' | 'lossless'>
  /** Who explains the line's parts now. */
  explainer: (line: string) => LineExplainer | undefined
  /** Something was asked for. */
  onAsked: (line: string, eventId: string) => void
  /** By the time it comes, the line may be gone. */
  onFound: (line: string, eventId: string, found: FoundExplanations) => void
}

export class AskedExplanations {
  readonly #options: AskedExplanationsOptions
  /** By line, then by event id, the methods. */
  readonly #asked = new Map<string, Map<string, readonly string[]>>()

  constructor (options: AskedExplanationsOptions) {
    this.#options = options
  }

  /** Methods that are on their way. */
  of (line: string, eventId: string): readonly string[] {
    return this.#asked.get(line)?.get(eventId) ?? []
  }

  /** What may be asked of a part. @throws GOODPARTS_STORE_FAILED */
  async offer (line: string, eventId: string): Promise<ExplanationOffer> {
    const explainer = this.#options.explainer(line)
    if (explainer === undefined) return { usual: [], methods: [], obstacle: 'no-explainer' }
    const part = await this.#options.parts.find(line, eventId)
    const obstacle = part === undefined ? 'gone' : explainer.obstacle(part.record)
    return obstacle === null ? { usual: [...explainer.usual], methods: [...explainer.methods], obstacle } : { usual: [], methods: [], obstacle }
  }

  /**
   * Resolves when the part is on its way to being explained by these methods; none = those that the line uses.
   * @throws GOODPARTS_EXPLANATION_FAILED where nobody can, GOODPARTS_SCHEMA_INVALID for a method that is not offered, GOODPARTS_QUEUE_FULL, GOODPARTS_PART_GONE, GOODPARTS_STORE_FAILED
   */
  async ask (line: string, eventId: string, methods: readonly string[]): Promise<void> {
    const explainer = this.#options.explainer(line)
    if (explainer === undefined) throw notExplained('a heatmap node with a model to explain parts of this line, got none', 'Put a heatmap node into the flow before the live node, and choose its model')
    const wanted = methods.length === 0 ? explainer.usual : [...new Set(methods)]
    const unknown = wanted.find((method) => !explainer.methods.includes(method))
    if (unknown !== undefined) throw new GoodpartsError('GOODPARTS_SCHEMA_INVALID', `Expected methods of ${explainer.methods.join(', ')}, got ${unknown}`)
    const asked = this.#asked.get(line) ?? new Map<string, readonly string[]>()
    if (asked.has(eventId)) throw new GoodpartsError('GOODPARTS_QUEUE_FULL', 'Expected one request of a part at a time, got another', { fix: 'Wait until it is explained' })
    if (asked.size >= WAITING) throw new GoodpartsError('GOODPARTS_QUEUE_FULL', `Expected at most ${WAITING} parts of a line to be explained on request, got one more`, { fix: 'Wait until another is explained' })
    this.#asked.set(line, asked.set(eventId, wanted))
    try {
      const part = await this.#part(line, eventId, explainer)
      this.#explain(line, eventId, explainer, part, wanted)
    } catch (error) {
      this.#end(line, eventId)
      throw error
    }
    this.#options.onAsked(line, eventId)
  }

  async #part (line: string, eventId: string, explainer: LineExplainer): Promise<{ record: InspectionRecord, picture: Uint8Array }> {
    const { parts } = this.#options
    const part = await parts.find(line, eventId)
    if (part === undefined) throw gone()
    const obstacle = explainer.obstacle(part.record)
    if (obstacle === 'set-up-anew') throw notExplained('a heatmap node that runs to explain the part, got one that was set up anew', 'Ask again after the next part of the line')
    if (obstacle !== null) throw notExplained(`the bundle ${part.record.bundle?.id ?? 'none'} that judged the part to be loaded, got ${obstacle === 'another-model' ? 'another' : 'none'}`, 'Take a newer part')
    const picture = await parts.lossless(line, eventId)
    if (picture === undefined) throw gone()
    return { record: part.record, picture }
  }

  #explain (line: string, eventId: string, explainer: LineExplainer, part: { record: InspectionRecord, picture: Uint8Array }, methods: readonly string[]): void {
    explainer.explain(part, methods).catch((cause: unknown): FoundExplanations => {
      const { code, message } = asGoodpartsError(cause, 'GOODPARTS_EXPLANATION_FAILED')
      // A deploy ends what is on its way, which is no fault of a process.
      const why = explainer.obstacle(part.record) === 'set-up-anew' ? { reason: 'the line was set up anew, ask again' } : { reason: message, code }
      return { methods: [], without: methods.map((method) => ({ method, ...why })), evidence: null }
    }).then((found) => {
      this.#end(line, eventId)
      this.#options.onFound(line, eventId, found)
    }).catch(() => {})
  }

  #end (line: string, eventId: string): void {
    const asked = this.#asked.get(line)
    asked?.delete(eventId)
    if (asked?.size === 0) this.#asked.delete(line)
  }
}

function gone (): GoodpartsError {
  return new GoodpartsError('GOODPARTS_PART_GONE', 'Expected the part to be kept with the pixels that were judged, got one that made room for newer ones', { fix: 'Choose a newer part' })
}

function notExplained (expected: string, fix: string): GoodpartsError {
  return new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', `Expected ${expected}`, { fix })
}
