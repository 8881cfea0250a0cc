import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { readBundle } from '../../engine/bundle/bundle.ts'
import type { FitProgress } from '../../engine/detectors/detector.ts'
import { fitInProcess } from '../../engine/detectors/fit-process.ts'
import type { FitRequest } from '../../engine/detectors/fit-process.ts'
import { encodePng } from '../../engine/frame/image-codec.ts'
import { findVulkanDriver } from '../vulkan-driver.ts'
import { goodPart } from './good-parts.ts'

const driver = await findVulkanDriver()

let folder = ''
let paths: string[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goodparts-fit-'))
  await mkdir(join(folder, 'good'))
  paths = Array.from({ length: 24 }, (_, index) => join(folder, 'good', `${index}.png`))
  await Promise.all(paths.map(async (path, index) => { await writeFile(path, await encodePng(goodPart(index))) }))
})

afterAll(async () => { await rm(folder, { recursive: true, force: true }) })

function request (change: Partial<FitRequest> = {}): FitRequest {
  return {
    family: 'patch-memory',
    images: paths.map((path) => ({ path, group: null, calibration: false })),
    options: { scale: 'fine', size: 64, bankSize: 30, normalisation: 'backbone', whitening: true },
    seed: 1,
    output: join(folder, 'bundle.onnx'),
    ...change
  }
}

/** Long enough to be interrupted. */
const slow = { options: { scale: 'fine', size: 512, bankSize: 4000, normalisation: 'backbone', whitening: true } }

describe('fitInProcess', () => {
  it('writes a bundle, and reports on the way', async () => {
    const reports: FitProgress[] = []
    const { path, metadata } = await fitInProcess(request(), { onProgress: (progress) => reports.push(progress) })
    expect((await readBundle(path)).metadata).toEqual(metadata)
    expect(metadata.training.images).toBe(14)
    expect(reports[0]).toMatchObject({ stage: 'pictures', total: 24 })
    const shares = reports.map(({ share }) => share ?? -1)
    expect(shares).toEqual([...shares].sort((a, b) => a - b))
    expect([shares[0]! < 0.2, shares.at(-1)]).toEqual([true, 1])
  })

  describe('on a device', () => {
    const trained = { family: 'reconstruction', options: { size: 32, width: 4, bottleneck: 4, batch: 2, steps: 3 } }

    afterEach(() => { vi.unstubAllEnvs() })

    it.skipIf(driver === null)('trains there as on the processor, and says so', { timeout: 300_000 }, async () => {
      vi.stubEnv('VK_ICD_FILENAMES', driver ?? '')
      const told: string[] = []
      const { training } = (await fitInProcess(request({ ...trained, device: 'webgpu' }), { onProgress: ({ device }) => { if (device !== undefined) told.push(device) } })).metadata
      const expected = (await fitInProcess(request(trained))).metadata.training
      expect([training.device, expected.device]).toEqual(['webgpu', undefined])
      expect(told).toEqual([expect.stringMatching(/^webgpu as asked for \(a train step of a small network: cpu .* ms, webgpu .* ms\)$/)])
      training.lossCurve!.forEach(({ loss }, index) => { expect(loss / expected.lossCurve![index]!.loss).toBeCloseTo(1, 4) })
    })

    it.runIf(process.platform === 'linux')('is refused one that cannot train', { timeout: 120_000 }, async () => {
      vi.stubEnv('VK_ICD_FILENAMES', join(folder, 'no-driver.json'))
      await expect(fitInProcess(request({ ...trained, device: 'webgpu' }))).rejects.toMatchObject({ code: 'GOODPARTS_DEVICE_UNAVAILABLE', message: expect.stringMatching(/^Expected the device webgpu to train, got: /) as string })
    })
  })

  it('is killed by its signal, and leaves no file', async () => {
    const controller = new AbortController()
    const output = join(folder, 'cancelled.onnx')
    const fit = fitInProcess(request({ ...slow, output }), { signal: controller.signal, onProgress: () => { controller.abort() } })
    await expect(fit).rejects.toMatchObject({ code: 'GOODPARTS_FIT_CANCELLED' })
    expect(existsSync(output)).toBe(false)
    await expect(fitInProcess(request(), { signal: controller.signal })).rejects.toMatchObject({ code: 'GOODPARTS_FIT_CANCELLED' })
  })

  it('passes the error on, its code, its fix and the picture that it is about', async () => {
    const broken = join(folder, 'broken.png')
    await writeFile(broken, 'not a picture')
    const images = [...request().images, { path: broken, group: null, calibration: false }]
    await expect(fitInProcess(request({ images }))).rejects.toMatchObject({ code: 'GOODPARTS_IMAGE_DECODE', message: expect.stringContaining(broken) as string })
    await expect(fitInProcess(request({ images: [] }))).rejects.toMatchObject({ code: 'GOODPARTS_TOO_FEW_IMAGES', fix: expect.stringContaining('20') as string })
    await expect(fitInProcess(request({ family: 'magic' }))).rejects.toMatchObject({ code: 'GOODPARTS_ARGUMENT' })
  })

  it.skipIf(process.platform !== 'linux')('ends with its parent (read from /proc, so on Linux only)', async () => {
    const parent = spawn(process.execPath, [join(import.meta.dirname, 'fitting-process.ts'), JSON.stringify(request({ ...slow, output: join(folder, 'orphan.onnx') }))], { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise<void>((resolve) => { parent.stdout.once('data', () => { resolve() }) })
    const [child] = readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8').trim().split(' ').map(Number)
    expect(isRunning(child!)).toBe(true)
    parent.kill('SIGKILL')
    await expect.poll(() => isRunning(child!), { timeout: 20_000 }).toBe(false)
  })
})

function isRunning (process: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${process}/status`, 'utf8'))
  } catch {
    return false
  }
}
