/** One long piece of work in a process of its own: lower priority, its memory goes with it, it can be killed at any time, and it ends with its parent. */
import { fork } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { asGoodpartsError, GoodpartsError, type ErrorCode } from './errors.ts'

/** From the process to its parent. */
type Message<Progress, Outcome> =
  | { kind: 'ready' }
  | { kind: 'progress', progress: Progress }
  | { kind: 'done', outcome: Outcome }
  | { kind: 'failed', code: ErrorCode, message: string, fix: string | null }

/** Of standard error, for the message when the process dies. */
const keptErrorText = 2000

/** What the process is asked, says on its way, and answers: plain data. */
export interface Work<Request, Progress, Outcome> {
  request: Request
  progress: Progress
  outcome: Outcome
}

export interface ProcessOptions<Progress> {
  /** What it does, in errors: `fit`. */
  name: string
  progress: (progress: Progress) => void
  /** Aborting kills the process. */
  signal: AbortSignal | undefined
}

/**
 * Parent's side. @param path Of the module that calls `serveParent`.
 * @throws GOODPARTS_FIT_CANCELLED when aborted, GOODPARTS_FIT_FAILED when the process dies, and whatever the work throws.
 */
export async function inProcessOfItsOwn<Job extends Work<unknown, unknown, unknown>> (path: string, request: Job['request'], { name, progress, signal }: ProcessOptions<Job['progress']>): Promise<Job['outcome']> {
  const cancelled = (): GoodpartsError => new GoodpartsError('GOODPARTS_FIT_CANCELLED', `Expected the ${name} to end, got a request to cancel it`)
  if (signal?.aborted === true) throw cancelled()
  const child = fork(path, [], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let errorText = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { errorText = (errorText + text).slice(-keptErrorText) })
  const kill = (): void => { child.kill('SIGKILL') }
  signal?.addEventListener('abort', kill, { once: true })
  try {
    return await new Promise<Job['outcome']>((resolve, reject) => {
      child.once('error', (cause) => { reject(new GoodpartsError('GOODPARTS_FIT_FAILED', `Expected the ${name} to start, got: ${cause.message}`, { cause })) })
      child.on('message', (message: Message<Job['progress'], Job['outcome']>) => {
        if (message.kind === 'ready') child.send(request as object)
        else if (message.kind === 'progress') progress(message.progress)
        else if (message.kind === 'done') resolve(message.outcome)
        else reject(new GoodpartsError(message.code, message.message, message.fix === null ? {} : { fix: message.fix }))
      })
      child.once('close', (code, killedBy) => {
        if (signal?.aborted === true) reject(cancelled())
        else reject(new GoodpartsError('GOODPARTS_FIT_FAILED', `Expected the ${name} to end by itself, got ${killedBy ?? `exit code ${code ?? 'none'}`}${errorText === '' ? '' : `: ${errorText.trim()}`}`))
      })
    })
  } finally {
    signal?.removeEventListener('abort', kill)
    kill()
  }
}

/** The process's side: one request in, progress and one outcome out. */
export function serveParent<Job extends Work<unknown, unknown, unknown>> (work: (request: Job['request'], progress: (progress: Job['progress']) => void) => Promise<Job['outcome']>): void {
  const send = (message: Message<Job['progress'], Job['outcome']>, sent = (): void => {}): void => { process.send?.(message, undefined, undefined, sent) }
  // A parent that reads nothing for a while leaves words waiting here, which would be lost when the channel is closed.
  const sendLast = async (message: Message<Job['progress'], Job['outcome']>): Promise<void> => { await new Promise<void>((resolve) => { send(message, resolve) }) }
  const serve = async (request: Job['request']): Promise<void> => {
    try {
      await sendLast({ kind: 'done', outcome: await work(request, (progress) => { send({ kind: 'progress', progress }) }) })
    } catch (error) {
      const { code, message, fix } = asGoodpartsError(error, 'GOODPARTS_FIT_FAILED')
      await sendLast({ kind: 'failed', code, message, fix })
    }
    process.disconnect()
  }
  process.once('disconnect', () => { process.exit(1) })
  process.once('message', (request: Job['request']) => { serve(request).catch(() => { process.exit(1) }) })
  lowerPriority()
  send({ kind: 'ready' })
}

/** A line that inspects goes first. Refused in some containers; then the work runs as everything else. */
function lowerPriority (): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Nothing is lost but speed elsewhere.
  }
}
