/** A worker thread that answers: started with the first question, one question at a time, a bounded number waiting. Both sides. */
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, Worker, type Transferable } from 'node:worker_threads'
import { asGoodpartsError, GoodpartsError, type ErrorCode } from './errors.ts'
import type { LedgerSnapshot } from './frame/ledger.ts'
import { WorkQueue } from './frame/work-queue.ts'

/** What the thread posts for each question. Errors cross as values: a clone would lose their code. */
interface ThreadReply<Answer> {
  result?: Answer
  error?: { code: ErrorCode, message: string, fix: string | null }
}

export interface AnsweringThreadOptions {
  /** Names the place for the ledger. */
  hop: string
  /** Questions that wait or are answered. */
  capacity: number
  module: URL
  /** Of the thread, for debuggers. */
  name: string
  /** A thread that takes longer for one answer is ended. */
  limitMs: number
  /** Of the error that says that it failed. */
  failure: ErrorCode
}

export class AnsweringThread<Question, Answer> {
  readonly #options: AnsweringThreadOptions
  readonly #queue: WorkQueue
  #worker: Worker | undefined

  constructor (options: AnsweringThreadOptions) {
    this.#options = options
    this.#queue = new WorkQueue(options.hop, options.capacity)
  }

  /**
   * What lies in `moved` belongs to the thread from then on.
   * @throws GOODPARTS_QUEUE_FULL when too many wait, the code of `failure` when the thread fails or takes too long (the next call starts a new one), and what the thread says
   */
  async ask (question: Question, moved: readonly Transferable[] = []): Promise<Answer> {
    return await this.#queue.run(async () => this.#exchange(question, moved))
  }

  get ledger (): LedgerSnapshot {
    return this.#queue.ledger
  }

  /**
   * Ends the thread when what was taken is answered; after `within` milliseconds nobody waits for that any more. It is never ended in the middle of an
   * answer that is within its limit: a thread that is stopped inside a native module can take this process with it.
   */
  async close ({ within = Infinity } = {}): Promise<void> {
    const ended = this.#queue.close().then(async () => {
      await this.#worker?.terminate()
      this.#worker = undefined
    })
    if (within === Infinity) await ended
    else await Promise.race([ended, delay(within, undefined, { ref: false })])
    this.#worker?.unref()
  }

  #start (): Worker {
    const { module, name, failure: code } = this.#options
    const worker = new Worker(module, { name })
    const gone = (): void => { if (this.#worker === worker) this.#worker = undefined }
    // Also between questions: an error that nobody hears would end this process, and one that is gone would let the next question wait.
    return worker.on('exit', gone).on('error', (error) => {
      gone()
      const isAsked = worker.listenerCount('message') > 0
      if (!isAsked) process.emitWarning(`Expected the thread ${name} to wait for the next question: ${String(error)}`, { code })
    })
  }

  async #exchange (question: Question, moved: readonly Transferable[]): Promise<Answer> {
    const { name, limitMs, failure } = this.#options
    const worker = this.#worker ??= this.#start()
    try {
      const { result, error } = await exchange<Answer>(worker, question, moved, limitMs)
      if (result !== undefined) return result
      throw new GoodpartsError(error?.code ?? failure, error?.message ?? 'Expected an answer, got none', error?.fix == null ? {} : { fix: error.fix })
    } catch (error) {
      if (error instanceof GoodpartsError) throw error
      this.#worker = undefined
      await worker.terminate()
      throw new GoodpartsError(failure, `Expected the thread ${name} to answer: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
}

/** The thread's own side. What `answer` throws reaches who asked; where it has no code, as `failure`. */
export function answerQuestions<Answer> (failure: ErrorCode, answer: (question: never) => Promise<Answer> | Answer): void {
  const reply = (message: ThreadReply<Answer>): void => { parentPort?.postMessage(message) }
  parentPort?.on('message', (question) => {
    Promise.resolve(question as never).then(answer).then((result) => { reply({ result }) }, (cause: unknown) => {
      const { code, message, fix } = asGoodpartsError(cause, failure)
      reply({ error: { code, message, fix } })
    })
  })
}

/** One question, one answer. Rejects when the thread fails, ends or takes too long. */
async function exchange<Answer> (worker: Worker, question: unknown, moved: readonly Transferable[], limitMs: number): Promise<ThreadReply<Answer>> {
  return new Promise((resolve, reject) => {
    const stop = (): void => { clearTimeout(timer); worker.off('message', answered).off('error', failed).off('exit', ended) }
    const answered = (reply: ThreadReply<Answer>): void => { stop(); resolve(reply) }
    const failed = (error: unknown): void => { stop(); reject(error instanceof Error ? error : new Error(String(error))) }
    const ended = (code: number): void => { stop(); reject(new Error(`it ended with ${code}`)) }
    const timer = setTimeout(() => { failed(new Error(`it took longer than ${limitMs} ms`)) }, limitMs)
    worker.on('message', answered).on('error', failed).on('exit', ended)
    worker.postMessage(question, moved)
  })
}
