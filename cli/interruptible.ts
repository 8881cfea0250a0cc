/** Ctrl-C: the first one asks the work to end cleanly, the second one is the system's own. */
import { GoodpartsError } from '../engine/errors.ts'
import { apart, together } from '../engine/read-all.ts'
import { failureText } from './failure.ts'

/** Shells' number for a command that ended on SIGINT. */
const interruptedExitCode = 130

/**
 * Runs `work` with a signal that SIGINT or SIGTERM aborts. What it throws after that counts as its way of ending: the exit code is set
 * and nothing is thrown; only what the disk refused is told. @param left What to say then of what is left to go on from; empty for nothing.
 */
export async function interruptible (work: (signal: AbortSignal) => Promise<void>, left: () => string = () => ''): Promise<void> {
  const controller = new AbortController()
  const abort = (): void => { controller.abort(new GoodpartsError('GOODPARTS_FIT_CANCELLED', 'Expected the command to end, got an interruption')) }
  process.once('SIGINT', abort)
  process.once('SIGTERM', abort)
  try {
    await work(controller.signal)
  } catch (error) {
    if (!controller.signal.aborted) throw error
    const [first, ...others] = error instanceof GoodpartsError ? apart(error).filter(({ code }) => code === 'GOODPARTS_STORE_FAILED') : []
    const refused = error instanceof GoodpartsError ? first === undefined ? null : together(first, ...others) : error
    process.stderr.write((refused === null ? null : failureText(refused)) ?? '')
  } finally {
    process.off('SIGINT', abort)
    process.off('SIGTERM', abort)
  }
  if (!controller.signal.aborted) return
  process.stderr.write(`${`Cancelled. ${left()}`.trimEnd()}\n`)
  process.exitCode = interruptedExitCode
}
