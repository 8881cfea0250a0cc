/** What is known of one line: counts, the last points, the notice that holds, rates and latency. Everything is bounded. */
import type { CaptureEvent } from '../../schemas/capture-event.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import type { FitEnd, FitProgress, LineNotice, LineState, LineStatistics, ScorePoint, VerdictCounts, WeakPromise } from '../../schemas/live.ts'
import { LatencyWindow } from './latency-window.ts'
import type { LinePicture, LineExplainer } from './publication.ts'
import { RateMeter } from './rate-meter.ts'

const POINTS = 300
const JUDGING_MS = 2000
/** Whose promises are told apart. */
const PRODUCTS = 64

export class LineBoard {
  readonly line: string
  readonly #now: () => number
  readonly #counts: VerdictCounts = { good: 0, review: 0, reject: 0, notInspected: 0 }
  readonly #points: ScorePoint[] = []
  readonly #rate: RateMeter
  readonly #latency = new LatencyWindow()
  #limits: LineState['limits'] = null
  #notice: LineNotice | null = null
  #fit: LineNotice | null = null
  /** By product: each may have a model of its own. */
  readonly #promises = new Map<string | null, WeakPromise | null>()
  #frames = 0
  #judgedAt = -Infinity
  /** The newest picture, for browsers that come later. */
  newest: LinePicture | undefined
  /** Who explains parts when somebody asks; `undefined` until a verdict brings it. */
  explainer: LineExplainer | undefined

  constructor (line: string, now: () => number) {
    this.line = line
    this.#now = now
    this.#rate = new RateMeter(now)
  }

  get frames (): number {
    return this.#frames
  }

  /** Counts a frame or part and gives its number. */
  arrived (): number {
    this.#rate.mark()
    return this.#frames++
  }

  /** Verdicts arrive: frames without one, from a second wire, would only flicker between them. */
  isJudging (): boolean {
    return this.#now() - this.#judgedAt < JUDGING_MS
  }

  judged (record: InspectionRecord): void {
    this.#judgedAt = this.#now()
    this.#counts[record.verdict === 'not-inspected' ? 'notInspected' : record.verdict]++
    this.#points.push({ at: record.times.scored, score: record.score, verdict: record.verdict })
    if (this.#points.length > POINTS) this.#points.shift()
    this.#limits = record.limits ?? this.#limits
    // What is let by unjudged, while a line learns above all, takes next to no time.
    if (record.verdict !== 'not-inspected') this.#latency.add(latencyMs(record))
    if (this.#fit?.notice.kind === 'fit-progress' && isFinished(this.#fit.notice)) this.#fit = null
  }

  /** What the limits that judge this product can promise; `true` when the weakest of the line has changed. */
  promised (product: string | null, promise: WeakPromise | null): boolean {
    const before = this.#weakest()
    if (this.#promises.size >= PRODUCTS && !this.#promises.has(product)) return false
    this.#promises.set(product, promise)
    return JSON.stringify(this.#weakest()) !== JSON.stringify(before)
  }

  #weakest (): WeakPromise | null {
    return [...this.#promises.values()].reduce((weakest, promise) => promise !== null && promise.promised > (weakest?.promised ?? -1) ? promise : weakest, null)
  }

  /** Trouble is told once, and who opens the page later must still see it: that of a camera and that of a fit each hold by themselves. */
  noticed (notice: CaptureEvent | FitProgress | FitEnd): LineNotice {
    const told: LineNotice = { line: this.line, at: new Date(this.#now()).toISOString(), notice }
    if (notice.kind === 'fit-progress') this.#fit = told
    else if (notice.kind === 'fit-ended') this.#fit = notice.outcome === 'failed' ? told : null
    else this.#notice = told
    return told
  }

  /** What told a notice before a restart has ended with it. */
  resume (): void {
    this.#notice = this.#fit = null
  }

  state (more: Pick<LineState, 'kept' | 'words' | 'learning'>): LineState {
    return { line: this.line, counts: { ...this.#counts }, limits: this.#limits, weakPromise: this.#weakest(), notice: this.#notice, fit: this.#fit, points: [...this.#points], ...more }
  }

  statistics (): LineStatistics {
    return { line: this.line, counts: { ...this.#counts }, framesPerSecond: this.#rate.perSecond(), shownPerSecond: 0, latencyMs: this.#latency.percentiles() }
  }
}

/** From capture to verdict. */
export function latencyMs (record: InspectionRecord): number {
  return Math.max(0, Date.parse(record.times.scored) - Date.parse(record.times.captured))
}

/** Each stage of a fit comes to an end of its own; what has no share is collecting. */
function isFinished ({ share = 0 }: FitProgress): boolean {
  return share >= 1
}
