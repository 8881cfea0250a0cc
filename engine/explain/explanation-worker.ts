/** The explanation thread: pixel loops and JPEG away from the main thread. */
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import type { ThreadReply } from '../answering-thread.ts'
import { asGoodpartsError } from '../errors.ts'
import { frameMemory } from '../frame/frame-memory.ts'
import { explainByAnomalyMap, type ExplanationRequest, type ExplanationResult } from './anomaly-map/explain.ts'

/** Below the inference threads, so that the next verdict does not wait for the picture of the last. */
const NICENESS = 10

// On Linux, and only there, a priority belongs to the thread that sets it.
if (process.platform === 'linux') setPriority(NICENESS)

parentPort?.on('message', (request: ExplanationRequest) => {
  explainByAnomalyMap(request).then((result) => {
    reply({ result })
  }, (error: unknown) => {
    const { code, message, fix } = asGoodpartsError(error, 'GOODPARTS_EXPLANATION_FAILED')
    reply({ error: { code, message, fix } })
  }).finally(() => { frameMemory.saw(request.frame.memory.byteLength) })
})

function reply (message: ThreadReply<ExplanationResult>): void {
  parentPort?.postMessage(message)
}
