import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fitCheckpoint } from '../../engine/detectors/fit-checkpoint.ts'
import type { FitRequest } from '../../engine/detectors/fit-process.ts'
import type { Checkpoint } from '../../engine/training/checkpoint.ts'

let folder = ''
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'goodparts-fit-checkpoint-')) })
afterAll(async () => { await rm(folder, { recursive: true, force: true }) })

function opened (name: string, change: Partial<FitRequest> = {}): Promise<Checkpoint | null> {
  const path = join(folder, 'part.png')
  return fitCheckpoint({ family: 'distillation', images: [{ path, group: null, calibration: false }], options: {}, seed: 1, output: '', checkpoint: join(folder, name), ...change })
}

const refused = { code: 'GOODPARTS_ARGUMENT', message: expect.stringContaining('of the same work') as string }

describe('the checkpoint of a fit', () => {
  it('is that of the same pictures, not of others under the same names', async () => {
    await writeFile(join(folder, 'part.png'), 'one')
    await (await opened('pictures'))?.remember('choice', () => Promise.resolve(3))
    expect(await (await opened('pictures'))?.remember('choice', () => Promise.resolve(4))).toBe(3)
    await writeFile(join(folder, 'part.png'), 'other')
    await expect(opened('pictures')).rejects.toMatchObject(refused)
  })

  it('is that of the same network, not of another under the same name', async () => {
    const backbone = join(folder, 'teacher.onnx')
    const options = { backbone, backboneLayers: ['first'] }
    await writeFile(backbone, 'one teacher')
    await (await opened('network', { options }))?.remember('choice', () => Promise.resolve(3))
    expect(await (await opened('network', { options }))?.remember('choice', () => Promise.resolve(4))).toBe(3)
    await writeFile(backbone, 'other teacher')
    await expect(opened('network', { options })).rejects.toMatchObject(refused)
  })

  it('leaves a network that cannot be read to the family', async () => {
    await expect(opened('missing', { options: { backbone: join(folder, 'nowhere.onnx') } })).resolves.not.toBe(null)
  })
})
