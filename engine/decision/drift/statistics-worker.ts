/** The thread that reads pictures where they lie, for what they say of the camera. */
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import type { ThreadReply } from '../../answering-thread.ts'
import { asGoodpartsError } from '../../errors.ts'
import { frameMemory } from '../../frame/frame-memory.ts'
import { measurePicture, type MeasuredPicture } from './image-statistics.ts'
import type { StatisticsQuestion } from './statistics-thread.ts'

/** Below the inference threads. */
const NICENESS = 10

// On Linux, and only there, a priority belongs to the thread that sets it.
if (process.platform === 'linux') setPriority(NICENESS)

parentPort?.on('message', (question: StatisticsQuestion) => {
  parentPort?.postMessage(answer(question))
  frameMemory.saw(question.frame.memory.byteLength)
})

function answer ({ frame: { memory, width, height, channels }, reference }: StatisticsQuestion): ThreadReply<MeasuredPicture> {
  try {
    return { result: measurePicture({ data: new Uint8Array(memory, 0, width * height * channels), width, height, channels }, reference) }
  } catch (cause) {
    const { code, message, fix } = asGoodpartsError(cause, 'GOODPARTS_INFERENCE_FAILED')
    return { error: { code, message, fix } }
  }
}
