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

/** The question that the thread has now. */
interface Asked<Answer> {
  resolve: (reply: ThreadReply<Answer>) => void
  reject: (error: Error) => void
}

export class AnsweringThread<Question, Answer> {
  readonly #options: AnsweringThreadOptions
  readonly #queue: WorkQueue
  #worker: Worker | undefined
  #asked: Asked<Answer> | undefined

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
    // Heard for as long as it lives, also between questions: an error that nobody hears would end this process, and one that is gone would let the next question wait.
    const gone = (error: Error): boolean => {
      if (this.#worker !== worker) return false
      this.#worker = undefined
      this.#asked?.reject(error)
      return this.#asked !== undefined
    }
    return worker
      .on('message', (reply: ThreadReply<Answer>) => { if (this.#worker === worker) this.#asked?.resolve(reply) })
      .on('exit', (code) => { gone(new Error(`it ended with ${code}`)) })
      .on('error', (error: unknown) => {
        if (!gone(error instanceof Error ? error : new Error(String(error)))) process.emitWarning(`Expected the thread ${name} to wait for the next question: ${String(error)}`, { code })
      })
  }

  async #exchange (question: Question, moved: readonly Transferable[]): Promise<Answer> {
    const { name, limitMs, failure } = this.#options
    const worker = this.#worker ??= this.#start()
    let timer: NodeJS.Timeout | undefined
    try {
      const { result, error } = await new Promise<ThreadReply<Answer>>((resolve, reject) => {
        this.#asked = { resolve, reject }
        timer = setTimeout(() => { reject(new Error(`it took longer than ${limitMs} ms`)) }, limitMs)
        worker.postMessage(question, moved)
      })
      if (result !== undefined) return result
      throw new GoodpartsError(error?.code ?? failure, error?.message ?? 'Expected an answer, got none', error?.fix == null ? {} : { fix: error.fix })
    } catch (error) {
      if (error instanceof GoodpartsError) throw error
      this.#worker = undefined
      await worker.terminate()
      throw new GoodpartsError(failure, `Expected the thread ${name} to answer: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    } finally {
      clearTimeout(timer)
      this.#asked = undefined
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
