/**
 * The line's side of the explanation process. A process and no thread, because only a process can have a priority of its own: on a small
 * machine, forward passes of an explanation would otherwise take the cores that verdicts need.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { GoodpartsError } from '../errors.ts'
import type { LedgerSnapshot } from '../frame/ledger.ts'
import { WorkQueue } from '../frame/work-queue.ts'
import { siblingModule } from '../sibling-module.ts'
import type { PartReply } from './explanation-child.ts'
import type { PartExplanation, PartRequest } from './part-explanation.ts'

export class ExplanationProcess {
  readonly #queue: WorkQueue
  #child: ChildProcess | undefined
  #closed = false

  /** `hop` names the place for the ledger; at most `capacity` parts wait or are explained. */
  constructor (hop: string, capacity: number) {
    this.#queue = new WorkQueue(hop, capacity)
  }

  /** @throws GOODPARTS_QUEUE_FULL when too many wait, GOODPARTS_EXPLANATION_FAILED when it cannot be explained or the process ends; the next call starts a new one. */
  async explain (request: PartRequest): Promise<PartExplanation> {
    return this.#queue.run(async () => this.#ask(request))
  }

  get ledger (): LedgerSnapshot {
    return this.#queue.ledger
  }

  /** Ends the process at once: what nobody waits for any more need not be explained. */
  async close (): Promise<void> {
    this.#closed = true
    this.#child?.kill('SIGKILL')
    await this.#queue.close()
  }

  async #ask (request: PartRequest): Promise<PartExplanation> {
    if (this.#closed) throw failed('Expected the explanation process to be open, got one that was closed')
    const child = this.#child ??= fork(fileURLToPath(siblingModule(import.meta.url, './explanation-child')), [], { execArgv: [], serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    try {
      const reply = await exchange(child, request)
      if ('result' in reply) return reply.result
      throw new GoodpartsError(reply.error.code, reply.error.message, reply.error.fix === null ? {} : { fix: reply.error.fix })
    } catch (error) {
      if (error instanceof GoodpartsError) throw error
      if (this.#child === child) this.#child = undefined
      child.kill('SIGKILL')
      throw failed(`Expected the explanation process to answer: ${error instanceof Error ? error.message : String(error)}`, error)
    }
  }
}

/** One question, one answer. Rejects when the process fails or ends. */
async function exchange (child: ChildProcess, request: PartRequest): Promise<PartReply> {
  return new Promise((resolve, reject) => {
    const stop = (): void => { child.off('message', answered).off('error', broken).off('exit', ended) }
    const answered = (reply: unknown): void => { stop(); resolve(reply as PartReply) }
    const broken = (error: Error): void => { stop(); reject(error) }
    const ended = (code: number | null, signal: string | null): void => { stop(); reject(new Error(`it ended with ${signal ?? code ?? 'no code'}`)) }
    child.on('message', answered).on('error', broken).on('exit', ended)
    child.send(request, (error) => { if (error !== null) broken(error) })
  })
}

function failed (message: string, cause?: unknown): GoodpartsError {
  return new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', message, cause === undefined ? {} : { cause })
}
