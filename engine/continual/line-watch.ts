/** Watches what a line inspects for drift: every score, and of some pictures their statistics and embeddings, each in a thread of its own. */
import { once } from 'node:events'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import type { LineDrift } from '../../schemas/learning.ts'
import { DriftMonitor, type DriftAlarm, type WatchedScores } from '../decision/drift/drift-monitor.ts'
import { StatisticsThread } from '../decision/drift/statistics-thread.ts'
import { asGoodpartsError, GoodpartsError } from '../errors.ts'
import type { Frame } from '../frame/frame.ts'
import { EmbeddingWatchThread } from './embedding-watch-thread.ts'
import { KeptTime } from './kept-time.ts'

export interface LineWatchOptions {
  /** Of the line, for ledgers. */
  name: string
  /** Of the file that remembers until when the line was in drift. */
  untilPath: string
  /** Probability that the scores ever alarm while nothing changes; the same for the look of parts. */
  falseAlarmRate: number
  seed: number
  /** Clock, milliseconds. */
  now: () => number
  /** `isFirst`: nothing stood before it. */
  tell: (alarm: DriftAlarm, isFirst: boolean) => void
  /** A picture could not be looked at, and is left out; the next begins another thread. */
  fail: (error: GoodpartsError) => void
}

/** Milliseconds between two pictures whose statistics are taken. */
const MEASURE_EVERY_MS = 500
/** Milliseconds between two parts that are embedded. */
const EMBED_EVERY_MS = 1000

export class LineWatch {
  readonly #options: LineWatchOptions
  readonly #statistics: StatisticsThread
  readonly #embeddings: EmbeddingWatchThread
  #monitor: DriftMonitor | null = null
  /** How often it has begun anew: what was seen before says nothing of what comes after. */
  #begun = 0
  #measuredAt = -Infinity
  #embeddedAt = -Infinity
  #lastPart: string | null = null
  #isClosed = false
  readonly #ending = new AbortController()
  readonly #ended = once(this.#ending.signal, 'abort')
  /** A drift stands, and was told. */
  #isTold = false
  readonly #until: KeptTime

  constructor (options: LineWatchOptions) {
    this.#options = options
    this.#until = new KeptTime(options.untilPath)
    this.#statistics = new StatisticsThread(`drift/${options.name}`)
    this.#embeddings = new EmbeddingWatchThread(`drift/${options.name}/embedding`)
  }

  get drift (): LineDrift | null {
    return this.#monitor?.state ?? null
  }

  /**
   * ISO 8601: up to then the line was in drift, or in a time that no alarm can tell from it; now, while a drift stands. Outlives the process;
   * `null` = it never was.
   */
  get driftUntil (): string | null {
    if (this.drift !== null) return new Date().toISOString()
    return this.#until.value === '' ? null : this.#until.value
  }

  /** Another bundle took its place, the first or another: drift is measured against its scores, and the parts from now on. */
  begin (scores: WatchedScores): void {
    this.#beginAnew()
    const { falseAlarmRate, seed } = this.#options
    if (this.#monitor === null) this.#monitor = new DriftMonitor({ ...scores, falseAlarmRate, seed })
    else this.#monitor.reset(scores)
  }

  /** The cause of a drift was removed. */
  reset (): void {
    this.#beginAnew()
    this.#monitor?.reset()
  }

  /** Resolves when what is looked at of this part has been told, and at the end. */
  async inspected (frame: Frame, inspection: InspectionRecord): Promise<void> {
    const monitor = this.#monitor
    if (monitor === null || this.#isClosed) return
    if (inspection.score !== null) this.#tell(monitor.observeScore(inspection.score, inspection.product))
    const now = this.#options.now()
    const looks: Array<Promise<void>> = []
    if (now - this.#measuredAt >= MEASURE_EVERY_MS) {
      this.#measuredAt = now
      looks.push(this.#unlessBusy(async () => this.#statistics.measure(frame, monitor.reference), (measured) => monitor.observePicture(measured)))
    }
    if (now - this.#embeddedAt >= EMBED_EVERY_MS && this.#isAnotherPart(inspection)) {
      this.#embeddedAt = now
      looks.push(this.#embed(monitor, frame, inspection))
    }
    await Promise.race([Promise.all(looks), this.#ended])
  }

  /** What is being looked at tells nothing, and is waited for a few seconds at most. */
  async close (): Promise<void> {
    this.#isClosed = true
    this.#ending.abort()
    await Promise.all([this.#statistics.close(), this.#embeddings.close(), this.#until.close()])
  }

  async #embed (monitor: DriftMonitor, frame: Frame, { product, verdict, partId }: InspectionRecord): Promise<void> {
    this.#lastPart = partId
    const { falseAlarmRate, seed } = this.#options
    const part = { frame, product, isGood: verdict === 'good', watch: this.#begun, falseAlarmRate, seed }
    await this.#unlessBusy(async () => this.#embeddings.look(part), (window) => window === null ? [] : monitor.observeWindow(window))
  }

  /** Pictures of one part are more alike than parts are. */
  #isAnotherPart ({ partId }: InspectionRecord): boolean {
    return partId === null || partId !== this.#lastPart
  }

  /** While another picture is looked at this one is left out: the next comes soon. */
  async #unlessBusy<Seen> (look: () => Promise<Seen>, observe: (seen: Seen) => DriftAlarm[]): Promise<void> {
    const begun = this.#begun
    try {
      const seen = await look()
      if (begun === this.#begun && !this.#isClosed) this.#tell(observe(seen))
    } catch (error) {
      if (this.#isClosed) return
      if (!(error instanceof GoodpartsError) || error.code !== 'GOODPARTS_QUEUE_FULL') this.#options.fail(asGoodpartsError(error, 'GOODPARTS_INFERENCE_FAILED'))
    }
  }

  #beginAnew (): void {
    this.#begun++
    this.#isTold = false
    if (this.drift !== null) this.#keepUntil()
  }

  #tell (alarms: readonly DriftAlarm[]): void {
    if (alarms.length > 0) this.#keepUntil()
    for (const alarm of alarms) {
      const isFirst = !this.#isTold
      this.#isTold = true
      this.#options.tell(alarm, isFirst)
    }
  }

  /** What is not on the disk counts until the process ends. */
  #keepUntil (): void {
    this.#until.set(new Date().toISOString()).catch(() => {})
  }
}
