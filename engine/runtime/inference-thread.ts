/** The main thread's side of one inference thread. */
import { Worker } from 'node:worker_threads'
import { systemClock, type Clock } from '../clock.ts'
import { GoodpartsError } from '../errors.ts'
import { siblingModule } from '../sibling-module.ts'
import type { ScoreAnswer, SharedPicture, ThreadError, ThreadModel, ThreadReply, ThreadRequest } from './inference-protocol.ts'

const CLOSE_LIMIT_MS = 5000
/** An answer that came while the main thread was held up, or the machine asleep, is taken before the thread is given up. */
const GRACE_MS = 1000

/** What tests hold in their hands. */
export interface ThreadContext {
  clock?: Clock
  /** Another module that speaks as `inference-worker` does. */
  worker?: URL
}

export class InferenceThread {
  /** Set once the session is open and has answered the golden pictures. */
  goldenDifference = 0
  readonly #worker: Worker
  readonly #clock: Clock
  readonly #exit: Promise<void>
  readonly #pending = new Map<number, { resolve: (result: ScoreAnswer) => void, reject: (error: Error) => void }>()
  #ended = false
  #failure = 'it ended'
  #ids = 0
  #over: () => void = () => {}

  /** Resolves when the model is open and verified, and `sample` painted. @throws what opening it throws; GOODPARTS_INFERENCE_FAILED when the thread dies. */
  static async start (model: ThreadModel, { sample, ...context }: ThreadContext & { sample?: SharedPicture } = {}): Promise<InferenceThread> {
    const thread = new InferenceThread(context)
    try {
      await thread.#open(model, sample)
      return thread
    } catch (error) {
      await thread.end()
      throw error
    }
  }

  private constructor ({ clock = systemClock, worker = siblingModule(import.meta.url, './inference-worker') }: ThreadContext) {
    this.#clock = clock
    this.#worker = new Worker(worker, { name: 'goodparts-inference' })
    this.#worker.on('error', (error: unknown) => { this.#failure = error instanceof Error ? error.message : String(error) })
    this.#exit = new Promise((resolve) => { this.#over = resolve })
    this.#worker.once('exit', () => { this.#giveUp() })
    this.#worker.on('message', (reply: ThreadReply) => { this.#settle(reply) })
  }

  get ended (): boolean {
    return this.#ended
  }

  /**
   * Pictures of one geometry, as one batch. A thread that does not answer within `limitMs` has hung, and is ended.
   * @throws GOODPARTS_INFERENCE_FAILED, GOODPARTS_GRAPH_INVALID
   */
  async score (pictures: SharedPicture[], limitMs: number): Promise<ScoreAnswer> {
    if (this.#ended) throw this.#gone()
    let prevent = this.#clock.after(limitMs, () => {
      prevent = this.#clock.after(GRACE_MS, () => {
        this.#failure = `no answer within ${(limitMs / 1000).toFixed(1)} s, so it was ended`
        this.#terminate()
      })
    })
    try {
      return await new Promise((resolve, reject) => {
        const id = ++this.#ids
        this.#pending.set(id, { resolve, reject })
        this.#send({ kind: 'score', id, pictures })
      })
    } finally {
      prevent()
    }
  }

  /** Lets what runs finish, releases the session, ends the thread; by force when that takes longer than five seconds. */
  async end (): Promise<void> {
    if (this.#ended) return
    this.#send({ kind: 'close' })
    const prevent = this.#clock.after(CLOSE_LIMIT_MS, () => { this.#terminate() })
    await this.#exit
    prevent()
  }

  async #open (model: ThreadModel, sample: SharedPicture | undefined): Promise<void> {
    const bytes = new Uint8Array(model.bytes)
    await new Promise<void>((resolve, reject) => {
      this.#send({ kind: 'open', model: { ...model, bytes }, ...(sample === undefined ? {} : { sample }) }, [bytes.buffer])
      this.#worker.once('message', (reply: ThreadReply) => {
        if (reply.kind === 'open') {
          this.goldenDifference = reply.goldenDifference
          resolve()
        } else if (reply.kind === 'failed') reject(asError(reply.error))
      })
      this.#exit.then(() => { reject(this.#gone()) }, reject)
    })
  }

  #send (request: ThreadRequest, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(request, transfer)
  }

  #settle (reply: ThreadReply): void {
    if (reply.kind !== 'scored' && reply.kind !== 'not-scored') return
    const waiting = this.#pending.get(reply.id)
    this.#pending.delete(reply.id)
    if (reply.kind === 'scored') waiting?.resolve(reply.result)
    else waiting?.reject(asError(reply.error))
  }

  /** A thread that hangs in native code ends when that returns, or never: nobody waits for it. */
  #terminate (): void {
    this.#worker.unref()
    this.#worker.terminate().catch(() => {})
    this.#giveUp()
  }

  #giveUp (): void {
    this.#ended = true
    this.#over()
    for (const { reject } of this.#pending.values()) reject(this.#gone())
    this.#pending.clear()
  }

  #gone (): GoodpartsError {
    return new GoodpartsError('GOODPARTS_INFERENCE_FAILED', `Expected the inference thread to answer, got "${this.#failure}"`)
  }
}

function asError ({ code, message, fix }: ThreadError): GoodpartsError {
  return new GoodpartsError(code, message, fix === null ? {} : { fix })
}
