import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { rememberChoice, rememberedChoice } from '../../engine/runtime/choice-cache.ts'
import type { DeviceChoice } from '../../engine/runtime/loaded-model.ts'

const choice: DeviceChoice = { device: 'cpu', threads: 1, workers: 2, reason: 'asked for', trials: [] }

it('remembers a choice in a folder that it makes, and goes on without one that nobody can make', async () => {
  const home = mkdtempSync(join(tmpdir(), 'goodparts-choices-'))
  try {
    for (const [folder, found] of [[join(home, 'deep', 'cache'), choice], ['/proc/goodparts', undefined]] as const) {
      await rememberChoice(folder, 'key', choice)
      expect(await rememberedChoice(folder, 'key')).toEqual(found)
    }
  } finally {
    rmSync(home, { recursive: true })
  }
})
