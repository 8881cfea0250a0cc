/** The picture thread: decodes, and lays the pixels into memory that all threads read. */
import { answerQuestions } from '../answering-thread.ts'
import { frameMemory } from './frame-memory.ts'
import { openPicture } from './open-picture.ts'
import type { SharedPicture } from './picture-thread.ts'

export interface PictureQuestion {
  content: string | Uint8Array
  folder: string
  channels?: 1 | 3
}

answerQuestions<SharedPicture>('GOODPARTS_IMAGE_DECODE', async ({ content, ...options }: PictureQuestion) => {
  const { image: { data, ...size }, name } = await openPicture(content, options)
  const memory = await memoryOf(data.byteLength)
  new Uint8Array(memory).set(data)
  return { ...size, name, memory }
})

/** Waits while the machine has too little. */
async function memoryOf (byteLength: number): Promise<SharedArrayBuffer> {
  for (;;) {
    const memory = frameMemory.take(byteLength)
    if (memory !== undefined) return memory
    await new Promise<void>((resolve) => { frameMemory.whenReleased(resolve) })
  }
}
