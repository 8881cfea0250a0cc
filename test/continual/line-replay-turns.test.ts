import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { readBundle } from '../../engine/bundle/bundle.ts'
import { BundleHistory } from '../../engine/continual/detector-update/bundle-history.ts'
import { LineReplay } from '../../engine/continual/line-replay.ts'
import { encodePng } from '../../engine/frame/image-codec.ts'
import { beginLine, placeIn, updateOf } from './detector-update/small-update.ts'
import { part, range } from './detector-update/products.ts'
import { optionsIn } from './woven-line.ts'

// Processes and threads start slowly where other tests run.
vi.setConfig({ testTimeout: 60_000 })

/** With an update in use, and the bundle before it kept. */
let changed: string
let folder: string
let line: LineReplay

beforeAll(async () => {
  changed = mkdtempSync(join(tmpdir(), 'goodparts-turns-'))
  await beginLine(changed)
  await updateOf(placeIn(changed))
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-turns-'))
  cpSync(changed, folder, { recursive: true })
})
afterEach(async () => {
  await line.close()
  rmSync(folder, { recursive: true, force: true })
})
afterAll(() => { rmSync(changed, { recursive: true, force: true }) })

function begin (): void {
  const options = optionsIn(folder)
  line = new LineReplay({ ...options, request: { ...options.request, ...placeIn(folder) } })
}

const idOf = async (name: string): Promise<string> => (await readBundle(join(folder, name))).metadata.id
const pictureOf = async (seed: number): Promise<Buffer> => encodePng(part('woven', seed))
const label = { product: 'woven', label: 'good', partId: null, by: 'person' } as const

describe('a line that is closed', () => {
  it('has on the disk what was said before, and refuses what is said from then on', async () => {
    begin()
    await line.recall()
    const pictures = await Promise.all(range(0, 6).map(pictureOf))
    const waiting = line.waiting.length
    const said = pictures.slice(0, 5).map(async (picture) => line.labelPicture(picture, label, null))
    // Far enough for the first of them to be on their way to the disk.
    await said[0]
    const closing = line.close()
    const late = line.labelPicture(pictures[5]!, label, null)
    await expect(late).rejects.toMatchObject({ code: 'GOODPARTS_CLOSED', fix: expect.any(String) as string })
    await closing
    const kept = line.waiting.length
    await Promise.allSettled(said)
    expect(line.waiting).toHaveLength(kept)
    expect(kept).toBeGreaterThan(waiting)

    await expect(line.relabel(line.waiting[0]!.sha256, label)).rejects.toMatchObject({ code: 'GOODPARTS_CLOSED' })
    await expect(line.withdraw(line.waiting[0]!.sha256)).rejects.toMatchObject({ code: 'GOODPARTS_CLOSED' })
    await expect(line.rollback()).rejects.toMatchObject({ code: 'GOODPARTS_CLOSED' })
  })
})

describe('a bundle that is put back', () => {
  it('is told of where a process ended before it lay in its place', async () => {
    const before = await idOf('line.onnx')
    for (let count = 1; ; count++) {
      try {
        execFileSync(process.execPath, [join(import.meta.dirname, 'detector-update', 'changing-process.ts'), folder, 'rollback', String(count), 'before'], { stdio: 'ignore' })
        throw new Error('It was not ended where the bundle is renamed')
      } catch (cause) {
        if ((cause as { signal?: string }).signal !== 'SIGKILL') throw cause
      }
      // The memory's step back is behind it, the bundle's is not.
      begin()
      let bundle: string | null = null
      line.on('settled', () => { bundle = readFileSync(join(folder, 'line.onnx')).toString('base64') })
      await line.recall()
      const back = await idOf('line.onnx') !== before
      expect(bundle).toBe(back ? readFileSync(join(folder, 'line.onnx')).toString('base64') : null)
      if (back) break
      await line.close()
    }
    expect(await idOf('line.onnx')).toBe(await idOf('old.onnx'))
  })

  it('is told of by an update that finds it half put back', async () => {
    const before = await idOf('line.onnx')
    for (let count = 1, back = false; !back; count++) {
      begin()
      await line.recall()
      await line.cancel()
      let told: string | null = null
      line.on('settled', () => { told = readFileSync(join(folder, 'line.onnx')).toString('base64') })
      // As a disk leaves it that failed in the midst of it.
      expect(() => { execFileSync(process.execPath, [join(import.meta.dirname, 'detector-update', 'changing-process.ts'), folder, 'rollback', String(count), 'before'], { stdio: 'ignore' }) }).toThrow(expect.objectContaining({ signal: 'SIGKILL' }) as Error)
      const failed = new Promise((resolve) => { line.once('failed', resolve) })
      line.update()
      // Of labels whose pictures are none.
      await failed
      back = await idOf('line.onnx') !== before
      expect(told).toBe(back ? readFileSync(join(folder, 'line.onnx')).toString('base64') : null)
      await line.close()
    }
    expect(await idOf('line.onnx')).toBe(await idOf('old.onnx'))
  })

  it('ends an update that began while the one before was being ended', async () => {
    await new BundleHistory(join(folder, 'history')).keep(join(folder, 'old.onnx'))
    begin()
    const told: string[] = []
    for (const event of ['updated', 'failed'] as const) line.on(event, () => { told.push(event) })
    await line.recall()
    expect(told.splice(0)).toEqual(['updated'])
    const back = line.rollback(await idOf('old.onnx'))
    line.update()
    await back
    expect(line.state.updating).toBe(false)
    await line.cancel()
    expect(told).toEqual([])
    expect(await idOf('line.onnx')).toBe(await idOf('old.onnx'))
  })
})
