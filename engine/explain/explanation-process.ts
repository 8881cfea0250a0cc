/**
 * The line's side of the explanation process. A process and no thread, because only a process can have a priority of its own and be stopped:
 * on a small machine, forward passes of an explanation would otherwise take the cores that verdicts need.
 */
import { execFile, fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { GoodpartsError } from '../errors.ts'
import type { LedgerSnapshot } from '../frame/ledger.ts'
import { WorkQueue, type WorkOptions } from '../frame/work-queue.ts'
import { processorShare, type ProcessorShare } from '../runtime/processor-share.ts'
import { siblingModule } from '../sibling-module.ts'
import { BytePipe } from './byte-pipe.ts'
import type { PartExplanation, PartRequest } from './part-explanation.ts'
import { PIPE, withBytes, type WireReply, type WireRequest } from './part-wire.ts'

/** Nothing that a budget allows takes so long, on a slow machine either: it does not answer any more. Time in which it is stopped does not count. */
const LIMIT_MS = 300_000
const TICK_MS = 1000
/**
 * A pause of the line that is shorter than the verdict before it, or this, is left to it. In one of a millisecond after a verdict of ten, as half of full speed has them,
 * nothing comes of a method, but the next verdict finds a core that is busy and caches that are cold.
 */
const PAUSE_MS = 5
/** Of its last words. */
const WORDS = 1000

interface Explaining {
  child: ChildProcess
  pipe: BytePipe
}

export class ExplanationProcess {
  readonly #queue: WorkQueue
  readonly #processor: ProcessorShare
  readonly #limitMs: number
  readonly #pauseMs: number
  #process: Explaining | undefined
  /** People who wait for an answer. */
  #waitedFor = 0
  /** Of the part that is explained, as `watchOver` gives it. */
  #holdOrNot = (): void => { /* none works */ }
  #lastWords = ''
  #closed = false

  /** `hop` names the place for the ledger; at most `capacity` parts wait or are explained. While `processor` is busy with verdicts, and for as long after as it was (`pauseMs` at most), nothing is explained; a process that runs for `limitMs` without an answer, or gives no sign for so long after its start, is ended. */
  constructor (hop: string, capacity: number, { processor = processorShare, limitMs = LIMIT_MS, pauseMs = PAUSE_MS } = {}) {
    this.#queue = new WorkQueue(hop, capacity)
    this.#processor = processor
    this.#limitMs = limitMs
    this.#pauseMs = pauseMs
  }

  /** The more urgent first, as `WorkQueue.run`. @throws GOODPARTS_QUEUE_FULL when too many wait, at once or when more urgent ones come, GOODPARTS_EXPLANATION_FAILED when it cannot be explained or the process ends; the next call starts a new one. */
  async explain (request: PartRequest, options: WorkOptions = {}): Promise<PartExplanation> {
    return this.#queue.run(async () => this.#ask(request), options)
  }

  /** As `WorkQueue.turnAway`. */
  turnAway (urgency = 0): boolean {
    return this.#queue.turnAway(urgency)
  }

  /** As `WorkQueue.hurry`. */
  hurry (name: string, urgency: number): void {
    this.#queue.hurry(name, urgency)
  }

  /**
   * While somebody waits for `answer`, the process does not rest, whatever it works on: on a line that never pauses, no answer would come. It stays
   * in the idle class.
   */
  async withoutRest<Result> (answer: Promise<Result>): Promise<Result> {
    this.#waitedFor++
    this.#holdOrNot()
    try {
      return await answer
    } finally {
      this.#waitedFor--
      this.#holdOrNot()
    }
  }

  get ledger (): LedgerSnapshot {
    return this.#queue.ledger
  }

  /** Ends the process at once: what nobody waits for any more need not be explained. */
  async close (): Promise<void> {
    this.#closed = true
    this.#process?.child.kill('SIGKILL')
    await this.#queue.close()
  }

  async #ask (request: PartRequest): Promise<PartExplanation> {
    if (this.#isClosed()) throw closed()
    const leash = await (tied ??= findLeash())
    if (this.#isClosed()) throw closed()
    const isNew = this.#process === undefined
    const working = this.#process ??= this.#start(leash)
    const { child, pipe } = working
    let release = (): void => { /* not held */ }
    try {
      // Before it says so, it may not yet be tied.
      if (isNew) await whileAlive(child, firstMessage(child, this.#limitMs))
      const watch = watchOver(child, { processor: leash.execPath === undefined ? null : this.#processor, limitMs: this.#limitMs, pauseMs: this.#pauseMs, mayRest: () => this.#waitedFor === 0 })
      this.#holdOrNot = watch.holdOrNot
      release = watch.release
      return await whileAlive(child, exchange(child, pipe, request))
    } catch (error) {
      if (error instanceof GoodpartsError) throw error
      if (this.#process === working) this.#process = undefined
      child.kill('SIGKILL')
      throw failed(`Expected the explanation process to answer: ${error instanceof Error ? error.message : String(error)}${this.#lastWords === '' ? '' : `; its last words: ${this.#lastWords.trim()}`}`, error)
    } finally {
      release()
    }
  }

  #start (leash: Leash): Explaining {
    const child = fork(fileURLToPath(siblingModule(import.meta.url, './explanation-child')), [], { ...leash, serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'] })
    this.#lastWords = ''
    child.stderr?.setEncoding('utf8').on('data', (words: string) => { this.#lastWords = `${this.#lastWords}${words}`.slice(-WORDS) })
    // One that ends between two parts is not asked for the next.
    const working = { child, pipe: new BytePipe(child.stdio[PIPE] as Socket) }
    const gone = (): void => { if (this.#process === working) this.#process = undefined }
    child.once('exit', gone).on('error', gone)
    return working
  }

  #isClosed (): boolean {
    return this.#closed
  }
}

/** How `fork` starts the process: under util-linux's setpriv, if there, which ties its life to this process's, and in the idle class from its first import on, if chrt may. */
interface Leash {
  execPath?: string
  execArgv: string[]
}

let tied: Promise<Leash> | undefined

/** A process that is stopped cannot see its parent go, and would outlive it: without a tie it is never stopped. */
async function findLeash (): Promise<Leash> {
  const tie = ['--pdeathsig', 'KILL']
  for (const execArgv of [[...tie, 'chrt', '--idle', '0', process.execPath], [...tie, process.execPath]]) {
    try {
      await promisify(execFile)('setpriv', [...execArgv, '--version'])
      return { execPath: 'setpriv', execArgv }
    } catch {
      // Not there, or a container refuses it.
    }
  }
  return { execArgv: [] }
}

/**
 * Stops `child` while `processor` is busy with verdicts, and for as long after as it was (`pauseMs` at most), if it may rest: even the idle class, on the other thread of a core or in the same cache, makes them slower
 * (`goodparts bench explain`). Ends it when it has run for `limitMs`. @returns What to call when it may rest or may no more, and what ends that and lets it run.
 */
function watchOver (child: ChildProcess, { processor, limitMs, pauseMs, mayRest }: { processor: ProcessorShare | null, limitMs: number, pauseMs: number, mayRest: () => boolean }): { holdOrNot: () => void, release: () => void } {
  let held = false
  let ended = false
  let ranFor = 0
  const hold = (due: boolean): void => {
    if (due === held) return
    held = due
    child.kill(due ? 'SIGSTOP' : 'SIGCONT')
  }
  const holdOrNot = (): void => { hold(!ended && processor?.busy === true && mayRest()) }
  let pause: NodeJS.Timeout | undefined
  let busySince = performance.now()
  const unwatch = processor?.watch((busy) => {
    clearTimeout(pause)
    const now = performance.now()
    if (busy) {
      busySince = now
      holdOrNot()
    } else pause = setTimeout(holdOrNot, Math.min(pauseMs, now - busySince))
  })
  const tick = Math.min(TICK_MS, limitMs)
  const timer = setInterval(() => {
    if (!held) ranFor += tick
    if (ranFor >= limitMs) child.emit('error', new Error(`it ran for ${limitMs} ms without an answer`))
  }, tick).unref()
  const release = (): void => {
    ended = true
    clearInterval(timer)
    clearTimeout(pause)
    unwatch?.()
    hold(false)
  }
  return { holdOrNot, release }
}

/** What comes of `work`. Rejects when the process fails or ends before. */
async function whileAlive<Result> (child: ChildProcess, work: Promise<Result>): Promise<Result> {
  let stop = (): void => { /* set below */ }
  const end = new Promise<never>((_resolve, reject) => {
    const ended = (code: number | null, signal: string | null): void => { reject(new Error(`it ended with ${signal ?? code ?? 'no code'}`)) }
    child.on('error', reject).on('exit', ended)
    stop = () => { child.off('error', reject).off('exit', ended) }
  })
  return Promise.race([work, end]).finally(stop)
}

/** @throws when none comes for `limitMs`: a process that hangs before it would hold up all that wait. */
async function firstMessage (child: ChildProcess, limitMs: number): Promise<void> {
  const late = AbortSignal.timeout(limitMs)
  try {
    await once(child, 'message', { signal: late })
  } catch (cause) {
    throw late.aborted ? new Error(`no answer within ${limitMs} ms`, { cause }) : cause
  }
}

async function exchange (child: ChildProcess, pipe: BytePipe, { image: { data, ...size }, ...request }: PartRequest): Promise<PartExplanation> {
  const message: WireRequest = { ...request, image: { ...size, byteLength: data.byteLength } }
  const sent = new Promise<void>((resolve, reject) => {
    child.send(message, (error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
  const [[reply]] = await Promise.all([once(child, 'message') as Promise<[WireReply]>, sent, pipe.send(data)])
  if ('error' in reply) throw new GoodpartsError(reply.error.code, reply.error.message, reply.error.fix === null ? {} : { fix: reply.error.fix })
  const parts: Array<Uint8Array<ArrayBuffer>> = []
  for (const byteLength of reply.byteLengths) parts.push(await pipe.receive(byteLength))
  return withBytes(reply.result, () => parts.shift() ?? new Uint8Array(0))
}

function closed (): GoodpartsError {
  return failed('Expected the explanation process to be open, got one that was closed')
}

function failed (message: string, cause?: unknown): GoodpartsError {
  return new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', message, cause === undefined ? {} : { cause })
}
