/** The thread that reads pictures where they lie, for what they say of the camera. */
import { setPriority } from 'node:os'
import { answerQuestions } from '../../answering-thread.ts'
import { frameMemory } from '../../frame/frame-memory.ts'
import { measurePicture, type MeasuredPicture } from './image-statistics.ts'
import type { StatisticsQuestion } from './statistics-thread.ts'

/** Below the inference threads. */
const NICENESS = 10

// On Linux, and only there, a priority belongs to the thread that sets it.
if (process.platform === 'linux') setPriority(NICENESS)

answerQuestions<MeasuredPicture>('GOODPARTS_INFERENCE_FAILED', ({ frame: { memory, width, height, channels }, reference }: StatisticsQuestion) => {
  try {
    return measurePicture({ data: new Uint8Array(memory, 0, width * height * channels), width, height, channels }, reference)
  } finally {
    frameMemory.saw(memory.byteLength)
  }
})
