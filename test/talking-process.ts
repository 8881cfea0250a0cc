/** Says more than the channel to its parent can hold, and ends. */
import { serveParent, type Work } from '../engine/process-of-its-own.ts'

serveParent<Work<{ words: number }, string, string>>(async ({ words }, progress) => {
  for (let i = 0; i < words; i++) progress(`${i} ${'x'.repeat(1000)}`)
  return Promise.resolve(`said ${words}`)
})
