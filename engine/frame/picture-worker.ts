/** The picture thread: decodes, and lays the pixels into memory that all threads read. */
import { answerQuestions } from '../answering-thread.ts'
import { frameMemory } from './frame-memory.ts'
import { openPicture } from './open-picture.ts'
import type { SharedPicture } from './picture-thread.ts'

/** Pictures behind this one wait as long. */
const MEMORY_WAIT_MS = 5000

export interface PictureQuestion {
  content: string | Uint8Array
  folder: string
  channels?: 1 | 3
}

answerQuestions<SharedPicture>('GOODPARTS_IMAGE_DECODE', async ({ content, ...options }: PictureQuestion) => {
  const { image: { data, ...size }, name } = await openPicture(content, options)
  const memory = await frameMemory.takeWithin(MEMORY_WAIT_MS, data.byteLength)
  new Uint8Array(memory).set(data)
  return { ...size, name, memory }
})
