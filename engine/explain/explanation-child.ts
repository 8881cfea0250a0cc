/** The explanation process: one part after the other, at the lowest priority, so that a line that inspects does not feel it. */
import { execFileSync } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { asGoodpartsError, type ErrorCode } from '../errors.ts'
import { PartExplainer } from './explain-part.ts'
import type { PartExplanation, PartRequest } from './part-explanation.ts'

export type PartReply = { result: PartExplanation } | { error: { code: ErrorCode, message: string, fix: string | null } }

const explainer = new PartExplainer(processorTime)

process.once('disconnect', () => { process.exit(0) })
process.on('message', (request: PartRequest) => {
  explainer.explain(request).then((result): PartReply => ({ result }), (error: unknown): PartReply => {
    const { code, message, fix } = asGoodpartsError(error, 'GOODPARTS_EXPLANATION_FAILED')
    return { error: { code, message, fix } }
  }).then((reply) => { process.send?.(reply) }, () => { process.exit(1) })
})
lowerPriority()
// From now on it may be stopped at any time.
process.send?.('ready')

/** Milliseconds that this process has had of the processor: what it waits for verdicts is not taken from an explanation's time. */
function processorTime (): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/**
 * Linux's idle class where util-linux is there, which every Debian has: it runs only while no other thread wants the core, where niceness still
 * takes a share of it. Threads started later inherit it. Elsewhere, and in containers that refuse it, niceness.
 */
function lowerPriority (): void {
  try {
    execFileSync('chrt', ['--idle', '--all-tasks', '--pid', '0', String(process.pid)], { stdio: 'ignore' })
  } catch {
    try {
      setPriority(constants.priority.PRIORITY_LOW)
    } catch {
      // Nothing is lost but speed elsewhere.
    }
  }
}
