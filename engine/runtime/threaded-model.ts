/** A loaded model: a bounded queue in front of its inference threads. */
import type { BundleMetadata } from '../../schemas/bundle.ts'
import { asGoodpartsError, GoodpartsError } from '../errors.ts'
import { AnomalyMap } from '../frame/anomaly-map.ts'
import type { Frame } from '../frame/frame.ts'
import { Ledger } from '../frame/ledger.ts'
import type { ThreadModel } from './inference-protocol.ts'
import { InferenceThread, type ThreadContext } from './inference-thread.ts'
import type { DeviceChoice, LoadedModel, ScoreOptions, Scoring } from './loaded-model.ts'
import type { ProcessorShare } from './processor-share.ts'
import { RunLimit } from './run-limit.ts'

/** Frames that wait for a thread; callers bound themselves, this bounds what is left of a mistake. */
const QUEUE_CAPACITY = 256

interface Waiting {
  frame: Frame
  /** On the clock of `performance.now()`. */
  deadline: number
  batch: number
  resolve: (scoring: Scoring) => void
  reject: (error: Error) => void
}

export interface ThreadedModelInit extends ThreadContext {
  bytes: Uint8Array
  metadata: BundleMetadata
  choice: DeviceChoice
  share: ProcessorShare
}

export class ThreadedModel implements LoadedModel {
  readonly metadata: BundleMetadata
  readonly choice: DeviceChoice
  readonly #thread: ThreadModel
  readonly #context: ThreadContext
  readonly #limit = new RunLimit()
  readonly #share: ProcessorShare
  readonly #ledger: Ledger
  readonly #queue: Waiting[] = []
  /** Threads that serve nobody now; one that has died or hung is replaced when its turn comes. */
  readonly #idle: InferenceThread[]
  readonly #serving = new Set<Promise<void>>()
  #closed = false

  /** Opens every thread, each checked against the golden vectors. @throws as `InferenceThread.start`. */
  static async open (init: ThreadedModelInit): Promise<ThreadedModel> {
    const thread = { bytes: init.bytes, metadata: goldenPart(init.metadata), device: init.choice.device, threads: init.choice.threads }
    const started = await Promise.allSettled(Array.from({ length: init.choice.workers }, async () => InferenceThread.start(thread, init)))
    const failed = started.find((result) => result.status === 'rejected')
    const threads = started.flatMap((result) => result.status === 'fulfilled' ? [result.value] : [])
    if (failed === undefined) return new ThreadedModel(init, thread, threads)
    await Promise.all(threads.map(async (other) => other.end()))
    throw failed.reason
  }

  private constructor ({ metadata, choice, share, ...context }: ThreadedModelInit, thread: ThreadModel, threads: InferenceThread[]) {
    this.metadata = metadata
    this.choice = choice
    this.#thread = thread
    this.#context = context
    this.#share = share
    this.#idle = threads
    this.#ledger = new Ledger(`model/${metadata.id}`)
  }

  async score (frames: readonly Frame[], { deadlineMs = Infinity, batch = this.choice.device === 'cpu' ? 1 : 8 }: ScoreOptions = {}): Promise<Scoring[]> {
    const deadline = performance.now() + deadlineMs
    const scorings = frames.map(async (frame) => this.#enqueue(frame, deadline, batch))
    for (let idle = this.#idle.length; idle > 0 && this.#queue.length > 0; idle--) this.#wake()
    return await Promise.all(scorings)
  }

  async close (): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    while (this.#serving.size > 0) await Promise.all(this.#serving)
    await Promise.all(this.#idle.map(async (thread) => thread.end()))
    this.#ledger.close()
  }

  async #enqueue (frame: Frame, deadline: number, batch: number): Promise<Scoring> {
    this.#ledger.enter()
    if (this.#closed) {
      this.#ledger.drop('closed')
      throw new GoodpartsError('GOODPARTS_INFERENCE_FAILED', 'Expected the model to be open, got a frame after it was closed')
    }
    if (this.#queue.length >= QUEUE_CAPACITY) {
      this.#ledger.drop('queue-full')
      throw new GoodpartsError('GOODPARTS_QUEUE_FULL', `Expected at most ${QUEUE_CAPACITY} frames to wait for the model, got one more`)
    }
    return await new Promise((resolve, reject) => { this.#queue.push({ frame, deadline, batch, resolve, reject }) })
  }

  /** Puts an idle thread to work until the queue is empty. */
  #wake (): void {
    const thread = this.#idle.pop()
    if (thread === undefined) return
    const serving = this.#serve(thread).then((last) => {
      this.#idle.push(last)
      this.#serving.delete(serving)
    })
    this.#serving.add(serving)
  }

  async #serve (first: InferenceThread): Promise<InferenceThread> {
    let thread = first
    while (this.#queue.length > 0) {
      await this.#share.run(this.choice.threads, async () => {
        const batch = this.#take()
        if (batch.length === 0) return
        try {
          if (thread.ended) thread = await InferenceThread.start(this.#thread, this.#context)
          await this.#run(thread, batch)
        } catch (error) {
          this.#ledger.drop('failed', batch.length)
          for (const { reject } of batch) reject(asGoodpartsError(error, 'GOODPARTS_INFERENCE_FAILED'))
        }
      }, { elsewhere: this.choice.device !== 'cpu' })
    }
    return thread
  }

  /** The oldest frame and others of its geometry, no more than this thread's part of what waits. */
  #take (): Waiting[] {
    const now = performance.now()
    for (let index = this.#queue.length - 1; index >= 0; index--) {
      const waiting = this.#queue[index] as Waiting
      if (waiting.deadline > now) continue
      this.#queue.splice(index, 1)
      this.#ledger.drop('deadline-passed')
      waiting.reject(new GoodpartsError('GOODPARTS_DEADLINE_PASSED', `Expected frame ${waiting.frame.id} to be begun before its deadline, got its turn ${(now - waiting.deadline).toFixed(0)} ms late`))
    }
    const oldest = this.#queue.shift()
    if (oldest === undefined) return []
    const batch = [oldest]
    const part = Math.ceil((this.#queue.length + 1) / (this.#idle.length + 1))
    for (let index = 0; index < this.#queue.length && batch.length < Math.min(oldest.batch, part);) {
      const other = this.#queue[index] as Waiting
      if (sameGeometry(oldest.frame, other.frame) && other.batch > batch.length) {
        this.#queue.splice(index, 1)
        batch.push(other)
      } else index++
    }
    return batch
  }

  async #run (thread: InferenceThread, batch: Waiting[]): Promise<void> {
    const pictures = batch.map(({ frame: { memory, width, height, channels } }) => ({ memory, width, height, channels }))
    const geometry = `${pictures.length}x${pictures[0]?.width}x${pictures[0]?.height}x${pictures[0]?.channels}`
    const { answers, inferenceMs } = await thread.score(pictures, this.#limit.of(geometry))
    this.#limit.measured(geometry, inferenceMs)
    this.#ledger.leave(batch.length)
    answers.forEach(({ score, map, height, width, quantised }, index) => {
      batch[index]?.resolve({ score, map: new AnomalyMap(map, height, width, quantised), inferenceMs, bundleId: this.metadata.id })
    })
  }
}

function sameGeometry (a: Frame, b: Frame): boolean {
  return a.width === b.width && a.height === b.height && a.channels === b.channels
}

export function goldenPart ({ id, golden, input }: BundleMetadata): ThreadModel['metadata'] {
  return { id, golden, input }
}
