/**
 * The line's side of the explanation process. A process and no thread, because only a process can have a priority of its own and be stopped:
 * on a small machine, forward passes of an explanation would otherwise take the cores that verdicts need.
 */
import { execFile, fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { GoodpartsError } from '../errors.ts'
import type { LedgerSnapshot } from '../frame/ledger.ts'
import { WorkQueue, type WorkOptions } from '../frame/work-queue.ts'
import { processorShare, type ProcessorShare } from '../runtime/processor-share.ts'
import { siblingModule } from '../sibling-module.ts'
import type { PartReply } from './explanation-child.ts'
import type { PartExplanation, PartRequest } from './part-explanation.ts'

/** Nothing that a budget allows takes so long, on a slow machine either: it does not answer any more. Time in which it is stopped does not count. */
const LIMIT_MS = 300_000
const TICK_MS = 1000
/** Of its last words. */
const WORDS = 1000

export class ExplanationProcess {
  readonly #queue: WorkQueue
  readonly #processor: ProcessorShare
  readonly #limitMs: number
  #child: ChildProcess | undefined
  #lastWords = ''
  #closed = false

  /** `hop` names the place for the ledger; at most `capacity` parts wait or are explained. While `processor` is busy with verdicts, nothing is explained; a process that runs for `limitMs` without an answer is ended. */
  constructor (hop: string, capacity: number, { processor = processorShare, limitMs = LIMIT_MS } = {}) {
    this.#queue = new WorkQueue(hop, capacity)
    this.#processor = processor
    this.#limitMs = limitMs
  }

  /** The more urgent first, as `WorkQueue.run`. @throws GOODPARTS_QUEUE_FULL when too many wait, at once or when more urgent ones come, GOODPARTS_EXPLANATION_FAILED when it cannot be explained or the process ends; the next call starts a new one. */
  async explain (request: PartRequest, options: WorkOptions = {}): Promise<PartExplanation> {
    return this.#queue.run(async () => this.#ask(request), options)
  }

  /** As `WorkQueue.hurry`. */
  hurry (name: string, urgency: number): void {
    this.#queue.hurry(name, urgency)
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
    if (this.#isClosed()) throw closed()
    const leash = await (tied ??= findLeash())
    if (this.#isClosed()) throw closed()
    const isNew = this.#child === undefined
    const child = this.#child ??= this.#start(leash)
    let release = (): void => { /* not held */ }
    try {
      // Before it says so, it may not yet be tied.
      if (isNew) await answer(child)
      release = watchOver(child, { processor: leash.execPath === undefined ? null : this.#processor, limitMs: this.#limitMs })
      const reply = await answer(child, request) as PartReply
      if ('result' in reply) return reply.result
      throw new GoodpartsError(reply.error.code, reply.error.message, reply.error.fix === null ? {} : { fix: reply.error.fix })
    } catch (error) {
      if (error instanceof GoodpartsError) throw error
      if (this.#child === child) this.#child = undefined
      child.kill('SIGKILL')
      throw failed(`Expected the explanation process to answer: ${error instanceof Error ? error.message : String(error)}${this.#lastWords === '' ? '' : `; its last words: ${this.#lastWords.trim()}`}`, error)
    } finally {
      release()
    }
  }

  #start (leash: Leash): ChildProcess {
    const child = fork(fileURLToPath(siblingModule(import.meta.url, './explanation-child')), [], { ...leash, serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.#lastWords = ''
    child.stderr?.setEncoding('utf8').on('data', (words: string) => { this.#lastWords = `${this.#lastWords}${words}`.slice(-WORDS) })
    // One that ends between two parts is not asked for the next.
    const gone = (): void => { if (this.#child === child) this.#child = undefined }
    child.once('exit', gone).on('error', gone)
    return child
  }

  #isClosed (): boolean {
    return this.#closed
  }
}

/** How `fork` starts the process: under util-linux's setpriv, if there, which ties its life to this process's. */
interface Leash {
  execPath?: string
  execArgv: string[]
}

let tied: Promise<Leash> | undefined

/** A process that is stopped cannot see its parent go, and would outlive it: without a tie it is never stopped. */
async function findLeash (): Promise<Leash> {
  const leash = ['--pdeathsig', 'KILL', process.execPath]
  try {
    await promisify(execFile)('setpriv', [...leash, '--version'])
    return { execPath: 'setpriv', execArgv: leash }
  } catch {
    return { execArgv: [] }
  }
}

/**
 * Stops `child` while `processor` is busy with verdicts: even the idle class, on the other thread of a core or in the same cache, makes them slower
 * (`goodparts bench explain`). Ends it when it has run for `limitMs`. @returns What ends that and lets it run.
 */
function watchOver (child: ChildProcess, { processor, limitMs }: { processor: ProcessorShare | null, limitMs: number }): () => void {
  let held = false
  let ended = false
  let ranFor = 0
  const hold = (busy: boolean): void => {
    if (busy === held) return
    held = busy
    child.kill(busy ? 'SIGSTOP' : 'SIGCONT')
  }
  const unwatch = processor?.watch((busy) => {
    if (busy) hold(true)
    // The next part may begin in this very turn.
    else setImmediate(() => { hold(!ended && processor.busy) })
  })
  const tick = Math.min(TICK_MS, limitMs)
  const timer = setInterval(() => {
    if (!held) ranFor += tick
    if (ranFor >= limitMs) child.emit('error', new Error(`it ran for ${limitMs} ms without an answer`))
  }, tick).unref()
  return () => {
    ended = true
    clearInterval(timer)
    unwatch?.()
    hold(false)
  }
}

/** What the process says next, asked for something or not. Rejects when it fails or ends. */
async function answer (child: ChildProcess, request?: PartRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const stop = (): void => { child.off('message', answered).off('error', broken).off('exit', ended) }
    const answered = (reply: unknown): void => { stop(); resolve(reply) }
    const broken = (error: Error): void => { stop(); reject(error) }
    const ended = (code: number | null, signal: string | null): void => { stop(); reject(new Error(`it ended with ${signal ?? code ?? 'no code'}`)) }
    child.on('message', answered).on('error', broken).on('exit', ended)
    if (request !== undefined) child.send(request, (error) => { if (error !== null) broken(error) })
  })
}

function closed (): GoodpartsError {
  return failed('Expected the explanation process to be open, got one that was closed')
}

function failed (message: string, cause?: unknown): GoodpartsError {
  return new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', message, cause === undefined ? {} : { cause })
}
