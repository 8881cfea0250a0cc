/** An update in a process of its own: low priority, its memory goes with it, it can be killed at any time and leaves the old or the new behind. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { GoodpartsError, type ErrorCode } from '../../errors.ts'
import { siblingModule } from '../../sibling-module.ts'
import type { UpdateOutcome, UpdateProgress, UpdateRequest } from './update-detector.ts'

export type UpdateMessage =
  | { kind: 'ready' }
  | { kind: 'progress', stage: string, done: number, total: number }
  | { kind: 'done', outcome: UpdateOutcome }
  | { kind: 'failed', code: ErrorCode, message: string, fix: string | null }

/** Of standard error, for the message when the process dies. */
const keptErrorText = 2000

/** @throws GOODPARTS_FIT_CANCELLED, GOODPARTS_FIT_FAILED when the process dies, and whatever `updateDetector` throws. */
export async function updateInProcess (request: UpdateRequest, progress: UpdateProgress = () => {}, signal?: AbortSignal): Promise<UpdateOutcome> {
  if (signal?.aborted === true) throw cancelled()
  const child = fork(fileURLToPath(siblingModule(import.meta.url, './update-child')), [], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let errorText = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { errorText = (errorText + text).slice(-keptErrorText) })
  const kill = (): void => { child.kill('SIGKILL') }
  signal?.addEventListener('abort', kill, { once: true })
  try {
    return await new Promise<UpdateOutcome>((resolve, reject) => {
      child.once('error', (cause) => { reject(new GoodpartsError('GOODPARTS_FIT_FAILED', `Expected the update to start, got: ${cause.message}`, { cause })) })
      child.on('message', (message: UpdateMessage) => {
        if (message.kind === 'ready') child.send(request)
        else if (message.kind === 'progress') progress(message.stage, message.done, message.total)
        else if (message.kind === 'done') resolve(message.outcome)
        else reject(new GoodpartsError(message.code, message.message, message.fix === null ? {} : { fix: message.fix }))
      })
      child.once('close', (code, killedBy) => {
        if (signal?.aborted === true) reject(cancelled())
        else reject(new GoodpartsError('GOODPARTS_FIT_FAILED', `Expected the update to end by itself, got ${killedBy ?? `exit code ${code ?? 'none'}`}${errorText === '' ? '' : `: ${errorText.trim()}`}`))
      })
    })
  } finally {
    signal?.removeEventListener('abort', kill)
    kill()
  }
}

function cancelled (): GoodpartsError {
  return new GoodpartsError('GOODPARTS_FIT_CANCELLED', 'Expected the update to end, got a request to cancel it')
}
