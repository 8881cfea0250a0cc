/** A line at its own pace: pictures of a folder come as from a camera, again and again, and every one gets its verdict. */
import { compilePipeline } from '../../../engine/capture/compile.ts'
import { loadPipeline } from '../../../engine/capture/pipelines.ts'
import { CaptureSupervisor } from '../../../engine/capture/supervisor.ts'
import { Inspector } from '../../../engine/decision/inspector.ts'
import type { ModelSlot } from '../../../engine/decision/model-slot.ts'
import type { GoodpartsError } from '../../../engine/errors.ts'
import type { Verdict } from '../../../schemas/inspection.ts'

export interface LineSettings {
  /** Of pictures. */
  folder: string
  width: number
  height: number
  /** Frames a second. */
  rate: number
  /** From capture to verdict. */
  deadlineMs: number
}

interface Judged { at: number, milliseconds: number, verdict: Verdict, bundle: string | null }

export interface Latency { verdicts: number, median: number, p99: number, longest: number }

export class RunningLine {
  readonly #capture: CaptureSupervisor
  readonly #inspector: Inspector
  readonly #judged: Judged[] = []
  readonly #inFlight = new Set<Promise<void>>()
  readonly #waiting = new Set<() => void>()
  #frames = 0
  #error: GoodpartsError | undefined

  constructor (slot: ModelSlot, { folder, width, height, rate, deadlineMs }: LineSettings) {
    this.#inspector = new Inspector(() => slot.current, { line: 'bench', product: null, deadlineMs, policy: 'every', capacity: 1000, batch: 1, hop: 'score/bench' })
    const plan = compilePipeline(loadPipeline('image-folder'), { folder, rate }, { width, height })
    this.#capture = new CaptureSupervisor({ source: 'bench', plan, endOfStream: 'loop', restart: false })
    this.#capture.on('frame', (frame) => {
      this.#frames++
      const judged = this.#inspector.inspect(frame, { partId: null }).then(({ record: { times, verdict, bundle } }) => {
        this.#inFlight.delete(judged)
        this.#judged.push({ at: performance.now(), milliseconds: Date.parse(times.scored) - Date.parse(times.captured), verdict, bundle: bundle?.id ?? null })
        this.#tell()
      })
      this.#inFlight.add(judged)
    })
    this.#capture.on('event', ({ kind }) => {
      if (kind === 'error') this.#error = this.#capture.error
      this.#tell()
    })
    this.#capture.start()
  }

  /** Resolves with the first verdict after `since` by this bundle, or by any. @throws what ended the source */
  async verdictAfter (since: number, bundle?: string): Promise<void> {
    while (!this.#judged.some((judged) => judged.at >= since && (bundle === undefined || judged.bundle === bundle))) {
      if (this.#error !== undefined) throw this.#error
      await new Promise<void>((resolve) => { this.#waiting.add(resolve) })
    }
  }

  /** Of what was judged from one time of `performance.now()` to another, milliseconds from capture to verdict. */
  latency (from: number, to: number): Latency {
    const sorted = this.#judged.filter(({ at }) => at >= from && at < to).map(({ milliseconds }) => milliseconds).sort((a, b) => a - b)
    const quantile = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
    return { verdicts: sorted.length, median: quantile(0.5), p99: quantile(0.99), longest: sorted.at(-1) ?? NaN }
  }

  /** No frame comes any more, and all that came have their verdicts. */
  async end (): Promise<{ frames: number, verdicts: Record<Verdict, number> }> {
    await this.#capture.close()
    await Promise.all(this.#inFlight)
    this.#inspector.close()
    const verdicts: Record<Verdict, number> = { good: 0, review: 0, reject: 0, 'not-inspected': 0 }
    for (const { verdict } of this.#judged) verdicts[verdict]++
    return { frames: this.#frames, verdicts }
  }

  #tell (): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}
