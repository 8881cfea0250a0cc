/** The explanation process: one part after the other, at the lowest priority, so that a line that inspects does not feel it. */
import { execFileSync } from 'node:child_process'
import { Socket } from 'node:net'
import { constants, setPriority } from 'node:os'
import { asGoodpartsError } from '../errors.ts'
import { BytePipe } from './byte-pipe.ts'
import { PartExplainer } from './explain-part.ts'
import type { PartExplanation } from './part-explanation.ts'
import { bytesOf, PIPE, withBytes, type WireReply, type WireRequest } from './part-wire.ts'

const explainer = new PartExplainer(processorTime)
const pipe = new BytePipe(new Socket({ fd: PIPE }))

process.once('disconnect', () => { process.exit(0) })
process.on('message', (request: WireRequest) => { answer(request).catch(() => { process.exit(1) }) })
lowerPriority()
// From now on it may be stopped at any time.
process.send?.('ready')

async function answer ({ image: { byteLength, ...size }, ...request }: WireRequest): Promise<void> {
  const data = await pipe.receive(byteLength)
  const reply = (message: WireReply): void => { process.send?.(message) }
  let result: PartExplanation
  try {
    result = await explainer.explain({ ...request, image: { ...size, data } })
  } catch (error) {
    const { code, message, fix } = asGoodpartsError(error, 'GOODPARTS_EXPLANATION_FAILED')
    reply({ error: { code, message, fix } })
    return
  }
  const parts = bytesOf(result)
  reply({ result: withBytes(result, () => new Uint8Array(0)), byteLengths: parts.map((part) => part.byteLength) })
  for (const part of parts) await pipe.send(part)
}

/** Milliseconds that this process has had of the processor: what it waits for verdicts is not taken from an explanation's time. */
function processorTime (): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/**
 * Linux's idle class where util-linux is there, which every Debian has: it runs only while no other thread wants the core, where niceness still
 * takes a share of it. Threads started later inherit it. Nothing changes where it was started so. Elsewhere, and in containers that refuse it, niceness.
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
