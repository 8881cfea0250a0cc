/**
 * Every family's bundle in a plain ONNX Runtime, of Node and of Python, and on WebGPU, whose Vulkan driver is chosen when a process starts: all run in
 * processes of their own.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkGoldenVectors, goldenImage } from '../../engine/bundle/golden.ts'
import type { DefectImage } from '../../engine/detectors/detector.ts'
import { detectorByFamily } from '../../engine/detectors/registry.ts'
import { drawDefect } from '../../engine/detectors/synthetic-defects.ts'
import type { RawImage } from '../../engine/frame/image-codec.ts'
import type { BundleMetadata, JsonValue } from '../../schemas/bundle.ts'
import { findVulkanDriver } from '../vulkan-driver.ts'
import { goodPart, goodParts } from './good-parts.ts'

const driver = await findVulkanDriver()
const python = await findPython()

/** Whether `python3` has ONNX Runtime; says why not where it has not. */
async function findPython (): Promise<boolean> {
  try {
    await promisify(execFile)('python3', ['-c', 'import numpy, onnxruntime'])
    return true
  } catch (error) {
    const why = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error)
    process.stderr.write(`Skipped, Python's ONNX Runtime: ${why}; python3 -m pip install onnxruntime brings it\n`)
    return false
  }
}

const families: Array<[string, Record<string, JsonValue>]> = [
  ['patch-memory', { scale: 'fine', size: 64, bankSize: 40, normalisation: 'image', whitening: true }],
  ['patch-memory', { tiles: '2x1', regions: [{ box: [0.1, 0, 0.8, 1] }, { polygon: [[0.4, 0.4], [0.6, 0.4], [0.5, 0.7]], exclude: true }], scale: 'fine', size: 64, bankSize: 40, normalisation: 'image', whitening: true }],
  ['density', { scale: 'standard', size: 64, channels: 12 }],
  ['density', { model: 'pooled', scale: 'fine', size: 64 }],
  ['template-difference', { variants: 2 }],
  ['classifier', { scale: 'fine', size: 64, penalty: 0.1 }],
  ['discriminative', { scale: 'fine', size: 64, components: 8, bankSize: 40, hidden: 8, drawings: 1, steps: 3 }],
  ['reconstruction', { size: 64, width: 8, bottleneck: 8, batch: 2, steps: 3 }],
  ['distillation', { scale: 'fine', size: 64, components: 8, width: 8, bottleneck: 8, batch: 2, steps: 3 }],
  ['contrastive', { size: 64, patch: 32, width: 6, bankSize: 40, batch: 4, steps: 3 }],
  ['contrastive', { density: 'gaussian', size: 64, patch: 32, width: 6, batch: 4, steps: 3 }],
  ['contrastive', { method: 'csi', size: 64, patch: 32, width: 6, bankSize: 40, batch: 4, steps: 3 }]
]

/** Of operators that those above have too: not once more on WebGPU, which is slow without a graphics processor. */
const alike: typeof families = [
  ['patch-memory', { scale: 'fine', size: 64, bankSize: 40, normalisation: 'backbone', whitening: false, k: 3 }],
  ['patch-memory', { backbone: 'self-trained', encoderSteps: 3, scale: 'fine', size: 64, bankSize: 40, normalisation: 'backbone', whitening: true }],
  ['classifier', { features: 'scratch', size: 64, width: 4, batch: 4, steps: 3, penalty: 0.01 }]
]

let folder: string
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-runtimes-')) })
afterAll(() => { rmSync(folder, { recursive: true }) })

const defects = Array.from({ length: 12 }, (_, index): DefectImage => {
  const { image, shape } = drawDefect(goodPart(500 + index), goodPart(501 + index), index)
  return { name: `defect ${index}`, group: null, className: shape, read: () => Promise.resolve(image) }
})

interface Answer { score: number[], map: number[], height: number, width: number }

type Runtime = 'cpu' | 'webgpu' | 'python'

async function answer (bundle: string, image: RawImage, runtime: Runtime): Promise<Answer> {
  const pixels = join(folder, 'pixels')
  writeFileSync(pixels, image.data)
  const asked = [bundle, pixels, JSON.stringify([1, image.height, image.width, image.channels])]
  const [program, args] = runtime === 'python'
    ? ['python3', [join(import.meta.dirname, 'bare-runtime.py'), ...asked]]
    : [process.execPath, [join(import.meta.dirname, 'bare-runtime.mjs'), ...asked, runtime]]
  const { stdout } = await promisify(execFile)(program, args, { env: { ...process.env, VK_ICD_FILENAMES: driver ?? '' }, timeout: 170_000, maxBuffer: 2 ** 28 })
  return JSON.parse(stdout) as Answer
}

/** Relative to the largest value. */
function difference (found: number[], expected: number[]): number {
  expect(found).toHaveLength(expected.length)
  const scale = Math.max(...expected.map(Math.abs))
  return Math.max(...found.map((value, i) => Math.abs(value - (expected[i] as number)) / scale))
}

describe.each([...families, ...alike])('a bundle of %s with %o', (family, options) => {
  const bundle = (): string => join(folder, `${family}-${[...families, ...alike].findIndex(([, other]) => other === options)}.onnx`)

  let metadata: BundleMetadata

  /** Of scores and maps to what they were when the bundle was made. */
  const distance = (runtime: Runtime): Promise<number> => checkGoldenVectors(async (image) => {
    const { score: [score = NaN], map, height, width } = await answer(bundle(), image, runtime)
    return { score, map: Float32Array.from(map), height, width }
  }, metadata)

  it('gives the same scores and maps in a plain ONNX Runtime', { timeout: 180_000 }, async () => {
    const fitted = await detectorByFamily(family).fit(goodParts(30), options, { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal, defects })
    writeFileSync(bundle(), fitted.bytes)
    metadata = fitted.metadata
    expect(await distance('cpu')).toBeLessThan(1e-4)
  })

  it.runIf(python)("gives the same in Python's", { timeout: 180_000 }, async () => {
    expect(await distance('python')).toBeLessThan(1e-4)
  })

  it.runIf(driver !== null && families.some(([, other]) => other === options))('gives the same on WebGPU', { timeout: 180_000 }, async () => {
    for (const image of [goodPart(900), goldenImage(3, 70, 50, 3)]) {
      const expected = await answer(bundle(), image, 'cpu')
      const found = await answer(bundle(), image, 'webgpu')
      expect(difference(found.score, expected.score)).toBeLessThan(1e-3)
      expect(difference(found.map, expected.map)).toBeLessThan(1e-3)
    }
  })
})
