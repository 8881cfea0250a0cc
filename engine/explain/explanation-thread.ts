/** The main thread's side of the explanation thread. */
import { AnsweringThread } from '../answering-thread.ts'
import type { AnomalyMap } from '../frame/anomaly-map.ts'
import type { Frame } from '../frame/frame.ts'
import type { LedgerSnapshot } from '../frame/ledger.ts'
import { siblingModule } from '../sibling-module.ts'
import type { ExplanationRequest, ExplanationResult } from './anomaly-map/explain.ts'

/** A heatmap takes milliseconds; a thread that has not answered by now does not answer any more. */
const LIMIT_MS = 10_000

export type ExplanationOptions = Pick<ExplanationRequest, 'judged' | 'opacity' | 'quality' | 'zones'>

export class ExplanationThread {
  readonly #thread: AnsweringThread<ExplanationRequest, ExplanationResult>

  /** `hop` names the place for the ledger; at most `capacity` frames wait or are explained. A thread that takes longer than `limitMs` for one is ended. */
  constructor (hop: string, capacity: number, { limitMs = LIMIT_MS } = {}) {
    this.#thread = new AnsweringThread({ hop, capacity, limitMs, name: 'goodparts-explanation', module: siblingModule(import.meta.url, './explanation-worker'), failure: 'GOODPARTS_EXPLANATION_FAILED' })
  }

  /** @throws GOODPARTS_QUEUE_FULL when too many wait, GOODPARTS_EXPLANATION_FAILED when the thread fails or takes too long; the next call starts a new one. */
  async explain (frame: Frame, map: AnomalyMap, options: ExplanationOptions): Promise<ExplanationResult> {
    const { width, height, channels, memory } = frame
    return await this.#thread.ask({
      frame: { width, height, channels, memory },
      map: { values: map.values(), height: map.height, width: map.width },
      ...options
    })
  }

  get ledger (): LedgerSnapshot {
    return this.#thread.ledger
  }

  /** Ends the thread when what was taken is explained. */
  async close (): Promise<void> {
    await this.#thread.close()
  }
}
