/** The main thread's side of the explanation thread: started with the first request, one request at a time, a bounded number waiting. */
import { Worker } from 'node:worker_threads'
import { GoodpartsError } from '../errors.ts'
import type { AnomalyMap } from '../frame/anomaly-map.ts'
import type { Frame } from '../frame/frame.ts'
import type { LedgerSnapshot } from '../frame/ledger.ts'
import { WorkQueue } from '../frame/work-queue.ts'
import { siblingModule } from '../sibling-module.ts'
import type { ExplanationRequest, ExplanationResult } from './anomaly-map/explain.ts'
import type { ExplanationReply } from './explanation-worker.ts'

/** A heatmap takes milliseconds; a thread that has not answered by now does not answer any more. */
const LIMIT_MS = 10_000

export type ExplanationOptions = Pick<ExplanationRequest, 'judged' | 'opacity' | 'quality' | 'zones'>

export class ExplanationThread {
  readonly #queue: WorkQueue
  readonly #limitMs: number
  #worker: Worker | undefined

  /** `hop` names the place for the ledger; at most `capacity` frames wait or are explained. A thread that takes longer than `limitMs` for one is ended. */
  constructor (hop: string, capacity: number, { limitMs = LIMIT_MS } = {}) {
    this.#limitMs = limitMs
    this.#queue = new WorkQueue(hop, capacity)
  }

  /** @throws GOODPARTS_QUEUE_FULL when too many wait, GOODPARTS_EXPLANATION_FAILED when the thread fails or takes too long; the next call starts a new one. */
  async explain (frame: Frame, map: AnomalyMap, options: ExplanationOptions): Promise<ExplanationResult> {
    const { width, height, channels, memory } = frame
    return this.#queue.run(async () => this.#ask({
      frame: { width, height, channels, memory },
      map: { values: map.values(), height: map.height, width: map.width },
      ...options
    }))
  }

  get ledger (): LedgerSnapshot {
    return this.#queue.ledger
  }

  /** Ends the thread when what was taken is explained. */
  async close (): Promise<void> {
    await this.#queue.close()
    await this.#worker?.terminate()
    this.#worker = undefined
  }

  async #ask (request: ExplanationRequest): Promise<ExplanationResult> {
    const worker = this.#worker ??= new Worker(siblingModule(import.meta.url, './explanation-worker'), { name: 'goodparts-explanation' })
    try {
      const { result, error } = await exchange(worker, request, this.#limitMs)
      if (result !== undefined) return result
      throw new GoodpartsError(error?.code ?? 'GOODPARTS_EXPLANATION_FAILED', error?.message ?? 'Expected an explanation, got none', error?.fix == null ? {} : { fix: error.fix })
    } catch (error) {
      if (error instanceof GoodpartsError) throw error
      this.#worker = undefined
      await worker.terminate()
      throw new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', `Expected the explanation thread to answer: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
}

/** One question, one answer. Rejects when the thread fails, ends or takes too long. */
async function exchange (worker: Worker, request: ExplanationRequest, limitMs: number): Promise<ExplanationReply> {
  return new Promise((resolve, reject) => {
    const stop = (): void => { clearTimeout(timer); worker.off('message', answered).off('error', failed).off('exit', ended) }
    const answered = (reply: ExplanationReply): void => { stop(); resolve(reply) }
    const failed = (error: unknown): void => { stop(); reject(error instanceof Error ? error : new Error(String(error))) }
    const ended = (code: number): void => { stop(); reject(new Error(`it ended with ${code}`)) }
    const timer = setTimeout(() => { failed(new Error(`it took longer than ${limitMs} ms`)) }, limitMs)
    worker.on('message', answered).on('error', failed).on('exit', ended)
    worker.postMessage(request)
  })
}
