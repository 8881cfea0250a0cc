/**
 * Judges the frames of one line: a bounded queue before the model, a deadline, and exactly one record for every frame that enters, in the
 * order in which they entered.
 */
import type { InspectionRecord, VerdictReason } from '../../schemas/inspection.ts'
import { asGoodpartsError, type ErrorCode } from '../errors.ts'
import type { AnomalyMap } from '../frame/anomaly-map.ts'
import type { Frame } from '../frame/frame.ts'
import { Ledger, type LedgerSnapshot } from '../frame/ledger.ts'
import type { LoadedModel } from '../runtime/loaded-model.ts'
import type { Decision, Judgement } from './decision.ts'
import { inspectionEventId, traceIdOf } from './event-id.ts'

export interface InspectorOptions {
  line: string
  product: string | null
  /** From entering to the verdict; past it the verdict is `not-inspected`. `Infinity` waits as long as it takes. */
  deadlineMs: number
  /** When the queue is full: `newest` gives up the oldest that waits, `every` the one that comes. */
  policy: 'newest' | 'every'
  /** Frames that may wait. */
  capacity: number
  /** Most frames that share one run of the model; 1 = one by one. */
  batch: number
  /** Name of the ledger and of this judge of the line, for example `score/<node id>`. */
  hop: string
}

export interface PartContext {
  partId: string | null
  /** What it is, where the part says so itself; otherwise that of the options. */
  product?: string | null
}

export interface Inspection {
  record: InspectionRecord
  /** Absent when not inspected. */
  anomalyMap?: AnomalyMap
}

/** What judges now; read anew for every frame, so that a swap takes effect between two of them. While the first bundle is `loading`, frames wait for it as they wait behind others. */
export type CurrentModel = () => { model: LoadedModel, decision: Decision } | 'loading' | undefined

interface Entry {
  frame: Frame
  context: PartContext
  /** On the clock of `performance.now()`. */
  deadline: number
  timer: NodeJS.Timeout | undefined
  inspection: Inspection | undefined
  deliver: (inspection: Inspection) => void
}

/** Most frames that may be held behind one that is still being scored, for the sake of the order. */
const MOST_HELD = 256

export class Inspector {
  readonly #current: CurrentModel
  readonly #options: InspectorOptions
  readonly #ledger: Ledger
  readonly #waiting: Entry[] = []
  /** Everything that has entered and was not delivered, oldest first. */
  readonly #undelivered: Entry[] = []
  #scoring = 0
  #closed = false

  constructor (current: CurrentModel, options: InspectorOptions) {
    this.#current = current
    this.#options = options
    this.#ledger = new Ledger(options.hop)
  }

  get ledger (): LedgerSnapshot {
    return this.#ledger.snapshot()
  }

  /** Resolves with the frame's one record; never rejects. */
  async inspect (frame: Frame, context: PartContext): Promise<Inspection> {
    this.#ledger.enter()
    return await new Promise((resolve) => {
      const { deadlineMs } = this.#options
      const entry: Entry = { frame, context, deadline: performance.now() + deadlineMs, timer: undefined, inspection: undefined, deliver: resolve }
      this.#undelivered.push(entry)
      if (this.#closed) {
        this.#giveUp(entry, 'line-stopped', stopped)
        return
      }
      if (this.#current() === undefined) {
        this.#giveUp(entry, 'model-unavailable', 'No model is loaded')
        return
      }
      if (Number.isFinite(deadlineMs)) entry.timer = setTimeout(() => { this.#giveUp(entry, 'deadline-passed', `No verdict within ${deadlineMs} ms`) }, deadlineMs)
      this.#waiting.push(entry)
      this.#begin()
      if (this.#waiting.length > this.#options.capacity) this.#overflow()
      this.#boundHeld()
    })
  }

  /** To be called when `current` gives something else than before: what waits begins, or is given up where there is nothing to wait for. */
  modelChanged (): void {
    this.#begin()
  }

  /** What is not judged yet leaves as `not-inspected`. */
  close (): void {
    this.#closed = true
    for (const entry of [...this.#undelivered]) this.#giveUp(entry, 'line-stopped', stopped)
    this.#ledger.close()
  }

  #overflow (): void {
    const { policy, capacity } = this.#options
    if (policy === 'newest') this.#giveUp(this.#waiting[0] as Entry, 'superseded', `A newer frame came while ${capacity} waited`)
    else this.#giveUp(this.#waiting.at(-1) as Entry, 'queue-full', `${capacity} frames were waiting`)
  }

  /** A run that hangs, with no deadline, must not hold every later frame in memory. */
  #boundHeld (): void {
    const { capacity, policy } = this.#options
    const oldest = this.#undelivered[0]
    if (oldest === undefined || this.#undelivered.length <= capacity + this.#scoring + MOST_HELD) return
    this.#giveUp(oldest, policy === 'newest' ? 'superseded' : 'queue-full', `No verdict while ${MOST_HELD} later frames were given up`)
  }

  /** Hands over as many frames as the model's threads can begin. */
  #begin (): void {
    for (let current = this.#current(); current !== undefined && current !== 'loading' && this.#waiting.length > 0; current = this.#current()) {
      if (this.#scoring >= current.model.choice.workers * this.#options.batch) return
      const entry = this.#waiting.shift() as Entry
      this.#scoring++
      this.#score(entry, current.model, current.decision).finally(() => {
        this.#scoring--
        this.#begin()
      }).catch(() => {})
    }
    if (this.#current() === undefined) for (const entry of [...this.#waiting]) this.#giveUp(entry, 'model-unavailable', 'No model is loaded')
  }

  async #score (entry: Entry, model: LoadedModel, decision: Decision): Promise<void> {
    try {
      const [scoring] = await model.score([entry.frame], { deadlineMs: entry.deadline - performance.now(), batch: this.#options.batch })
      if (scoring === undefined || entry.inspection !== undefined) return
      if (performance.now() > entry.deadline) {
        this.#giveUp(entry, 'deadline-passed', `No verdict within ${this.#options.deadlineMs} ms`)
        return
      }
      const own = decision.forProduct(this.#productOf(entry))
      const judgement = own.judge(scoring.score)
      if (judgement.verdict === 'not-inspected') {
        this.#giveUp(entry, judgement.reason.code, judgement.reason.text)
        return
      }
      const { id, family } = model.metadata
      const record = this.#record(entry, { ...judgement, bundle: { id, family }, score: scoring.score, limits: { ...own.limits } })
      this.#settle(entry, { record, anomalyMap: scoring.map })
    } catch (cause) {
      const { code, message } = asGoodpartsError(cause, 'GOODPARTS_INFERENCE_FAILED')
      this.#giveUp(entry, reasons[code] ?? 'scoring-failed', message)
    }
  }

  #giveUp (entry: Entry, code: VerdictReason, text: string): void {
    if (entry.inspection !== undefined) return
    const place = this.#waiting.indexOf(entry)
    if (place >= 0) this.#waiting.splice(place, 1)
    const current = this.#current()
    const bundle = current === 'loading' ? undefined : current?.model.metadata
    // Whatever it waited for, the model was what was missing.
    const reason = current === 'loading' && code !== 'line-stopped' ? { code: 'model-unavailable' as const, text: 'The model is being loaded' } : { code, text }
    this.#settle(entry, {
      record: this.#record(entry, {
        verdict: 'not-inspected', pValue: null, reason, score: null, limits: null, bundle: bundle === undefined ? null : { id: bundle.id, family: bundle.family }
      })
    })
  }

  #settle (entry: Entry, inspection: Inspection): void {
    clearTimeout(entry.timer)
    entry.inspection = inspection
    for (let oldest = this.#undelivered[0]; oldest?.inspection !== undefined; oldest = this.#undelivered[0]) {
      this.#undelivered.shift()
      const { verdict, reason } = oldest.inspection.record
      if (verdict === 'not-inspected') this.#ledger.drop(reason.code)
      else this.#ledger.leave()
      oldest.deliver(oldest.inspection)
    }
  }

  #productOf ({ context }: Entry): string | null {
    return context.product ?? this.#options.product
  }

  #record (entry: Entry, judged: Judgement & Pick<InspectionRecord, 'bundle' | 'score' | 'limits'>): InspectionRecord {
    const { frame, context } = entry
    return {
      schema: 'goodparts.inspection/1',
      eventId: inspectionEventId(this.#options.line, this.#options.hop, frame.id),
      line: this.#options.line,
      recipe: null,
      product: this.#productOf(entry),
      partId: context.partId,
      frame: frame.toJSON(),
      times: { captured: frame.capturedAt, scored: new Date().toISOString(), published: null },
      bundle: judged.bundle,
      score: judged.score,
      pValue: judged.pValue,
      limits: judged.limits,
      verdict: judged.verdict,
      reason: judged.reason,
      regions: [],
      explanation: null,
      traceId: traceIdOf(frame.id)
    }
  }
}

const stopped = 'The line was stopped'

const reasons: Partial<Record<ErrorCode, VerdictReason>> = {
  GOODPARTS_DEADLINE_PASSED: 'deadline-passed',
  GOODPARTS_QUEUE_FULL: 'queue-full'
}
