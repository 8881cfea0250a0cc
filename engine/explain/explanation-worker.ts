/** The explanation thread: pixel loops and JPEG away from the main thread. */
import { setPriority } from 'node:os'
import { answerQuestions } from '../answering-thread.ts'
import { frameMemory } from '../frame/frame-memory.ts'
import { explainByAnomalyMap, type ExplanationRequest, type ExplanationResult } from './anomaly-map/explain.ts'

/** Below the inference threads, so that the next verdict does not wait for the picture of the last. */
const NICENESS = 19

// On Linux, and only there, a priority belongs to the thread that sets it.
if (process.platform === 'linux') setPriority(NICENESS)

answerQuestions<ExplanationResult>('GOODPARTS_EXPLANATION_FAILED', async (request: ExplanationRequest) => {
  try {
    return await explainByAnomalyMap(request)
  } finally {
    frameMemory.saw(request.frame.memory.byteLength)
  }
})
