/**
 * A fit in a process of its own: lower priority, its memory goes with it, it can be killed at any time, and it ends with its parent.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { BundleMetadata, JsonValue } from '../../schemas/bundle.ts'
import { GoodpartsError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import { siblingModule } from '../sibling-module.ts'
import type { FitProgress } from './detector.ts'

export interface FitRequest {
  /** Of `registry.ts`. */
  family: string
  images: Array<{ path: string, group: string | null, calibration: boolean }>
  /** Labelled defects, for families that learn from them. */
  defects?: Array<{ path: string, group: string | null, className: string }>
  options: { [option: string]: JsonValue }
  /** Whether options that the family does not have are left out, not refused: for a form that offers the same to all. Default false. */
  knownOptionsOnly?: boolean
  seed: number
  /** Path of the bundle to write. */
  output: string
  /** Whether to look for pictures that look unlike the rest before anything is learned; default false. */
  suspects?: boolean
  /** Intra-op threads, default 1. */
  threads?: number
  /** Path of the file that a fit which was killed goes on from; taken away when the bundle is written. */
  checkpoint?: string
}

export interface FitOutcome {
  path: string
  metadata: BundleMetadata
}

/** From the process to its parent. */
export type FitMessage =
  | { kind: 'ready' }
  | { kind: 'progress', progress: FitProgress }
  | { kind: 'done', outcome: FitOutcome }
  | { kind: 'failed', code: ErrorCode, message: string, fix: string | null }

export interface FitProcessOptions {
  onProgress?: (progress: FitProgress) => void
  /** Aborting kills the process. */
  signal?: AbortSignal
}

/** Lines of standard error kept for the message when the process dies. */
const keptErrorText = 2000

/**
 * @throws GOODPARTS_FIT_CANCELLED, GOODPARTS_FIT_FAILED when the process dies, and whatever the fit throws.
 */
export async function fitInProcess (request: FitRequest, { onProgress, signal }: FitProcessOptions = {}): Promise<FitOutcome> {
  if (signal?.aborted === true) throw cancelled()
  const child = fork(fileURLToPath(siblingModule(import.meta.url, './fit-child')), [], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let errorText = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { errorText = (errorText + text).slice(-keptErrorText) })
  const kill = (): void => { child.kill('SIGKILL') }
  signal?.addEventListener('abort', kill, { once: true })
  try {
    return await new Promise<FitOutcome>((resolve, reject) => {
      child.once('error', (cause) => { reject(new GoodpartsError('GOODPARTS_FIT_FAILED', `Expected the fit to start, got: ${cause.message}`, { cause })) })
      child.on('message', (message: FitMessage) => {
        if (message.kind === 'ready') child.send(request)
        else if (message.kind === 'progress') onProgress?.(message.progress)
        else if (message.kind === 'done') resolve(message.outcome)
        else reject(new GoodpartsError(message.code, message.message, message.fix === null ? {} : { fix: message.fix }))
      })
      child.once('close', (code, killedBy) => {
        if (signal?.aborted === true) reject(cancelled())
        else reject(new GoodpartsError('GOODPARTS_FIT_FAILED', `Expected the fit to end by itself, got ${killedBy ?? `exit code ${code ?? 'none'}`}${errorText === '' ? '' : `: ${errorText.trim()}`}`))
      })
    })
  } finally {
    signal?.removeEventListener('abort', kill)
    kill()
  }
}

function cancelled (): GoodpartsError {
  return new GoodpartsError('GOODPARTS_FIT_CANCELLED', 'Expected the fit to end, got a request to cancel it')
}
