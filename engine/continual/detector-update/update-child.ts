/** The process that updates: one request in, progress and one outcome out. */
import { constants, setPriority } from 'node:os'
import { asGoodpartsError } from '../../errors.ts'
import { updateDetector, type UpdateRequest } from './update-detector.ts'
import type { UpdateMessage } from './update-process.ts'

process.once('disconnect', () => { process.exit(1) })
process.once('message', (request: UpdateRequest) => { serve(request).catch(() => { process.exit(1) }) })
lowerPriority()
send({ kind: 'ready' })

async function serve (request: UpdateRequest): Promise<void> {
  try {
    send({ kind: 'done', outcome: await updateDetector(request, (stage, done, total) => { send({ kind: 'progress', stage, done, total }) }) })
  } catch (error) {
    const { code, message, fix } = asGoodpartsError(error, 'GOODPARTS_FIT_FAILED')
    send({ kind: 'failed', code, message, fix })
  }
  process.disconnect()
}

function send (message: UpdateMessage): void {
  process.send?.(message)
}

/** A line that inspects goes first. Refused in some containers; then the update runs as everything else. */
function lowerPriority (): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Nothing is lost but speed elsewhere.
  }
}
