import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inProcessOfItsOwn, type Work } from '../engine/process-of-its-own.ts'

test('the outcome arrives though its parent reads nothing until long after', async () => {
  let heard = 0
  const outcome = await inProcessOfItsOwn<Work<{ words: number }, string, string>>(join(import.meta.dirname, 'talking-process.ts'), { words: 3000 }, {
    name: 'talk',
    signal: undefined,
    progress: () => {
      // As a process that is stopped, or whose thread is held up.
      if (heard++ === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000)
    }
  })
  expect(outcome).toBe('said 3000')
  expect(heard).toBe(3000)
})
