/**
 * Every family's bundle in a plain ONNX Runtime, and on WebGPU, whose Vulkan driver is chosen when a process starts: both run in processes of their own.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { goldenImage } from '../../engine/bundle/golden.ts'
import type { DefectImage } from '../../engine/detectors/detector.ts'
import { detectorByFamily } from '../../engine/detectors/registry.ts'
import { drawDefect } from '../../engine/detectors/synthetic-defects.ts'
import type { RawImage } from '../../engine/frame/image-codec.ts'
import type { JsonValue } from '../../schemas/bundle.ts'
import { findVulkanDriver } from '../vulkan-driver.ts'
import { goodPart, goodParts } from './good-parts.ts'

const driver = await findVulkanDriver()

const families: Array<[string, Record<string, JsonValue>]> = [
  ['patch-memory', { scale: 'fine', size: 64, bankSize: 40, normalisation: 'image', whitening: true }],
  ['density', { scale: 'standard', size: 64, channels: 12 }],
  ['density', { model: 'pooled', scale: 'fine', size: 64 }],
  ['template-difference', { variants: 2 }],
  ['classifier', { scale: 'fine', size: 64, penalty: 0.1 }],
  ['discriminative', { scale: 'fine', size: 64, components: 8, bankSize: 40, hidden: 8, drawings: 1, steps: 3 }],
  ['reconstruction', { size: 64, width: 8, bottleneck: 8, batch: 2, steps: 3 }],
  ['distillation', { scale: 'fine', size: 64, components: 8, width: 8, bottleneck: 8, batch: 2, steps: 3 }],
  ['contrastive', { size: 64, patch: 32, width: 6, bankSize: 40, batch: 4, steps: 3 }]
]

let folder: string
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-runtimes-')) })
afterAll(() => { rmSync(folder, { recursive: true }) })

const defects = Array.from({ length: 12 }, (_, index): DefectImage => {
  const { image, shape } = drawDefect(goodPart(500 + index), goodPart(501 + index), index)
  return { name: `defect ${index}`, group: null, className: shape, read: () => Promise.resolve(image) }
})

interface Answer { score: number[], map: number[] }

async function answer (bundle: string, image: RawImage, provider: string): Promise<Answer> {
  const pixels = join(folder, 'pixels')
  writeFileSync(pixels, image.data)
  const args = [join(import.meta.dirname, 'bare-runtime.mjs'), bundle, pixels, JSON.stringify([1, image.height, image.width, image.channels]), provider]
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, VK_ICD_FILENAMES: driver ?? '' }, timeout: 170_000, maxBuffer: 2 ** 28 })
  return JSON.parse(stdout) as Answer
}

/** Relative to the largest value. */
function difference (found: number[], expected: number[]): number {
  expect(found).toHaveLength(expected.length)
  const scale = Math.max(...expected.map(Math.abs))
  return Math.max(...found.map((value, i) => Math.abs(value - (expected[i] as number)) / scale))
}

describe.each(families)('a bundle of %s with %o', (family, options) => {
  const bundle = (): string => join(folder, `${family}-${families.findIndex(([, other]) => other === options)}.onnx`)

  it('gives the same scores in a plain ONNX Runtime', { timeout: 180_000 }, async () => {
    const { bytes, metadata } = await detectorByFamily(family).fit(goodParts(30), options, { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal, defects })
    writeFileSync(bundle(), bytes)
    for (const { seed, width, height, score } of metadata.golden.vectors) {
      const { score: [found = NaN] } = await answer(bundle(), goldenImage(seed, width, height, metadata.input.channels), 'cpu')
      expect(Math.abs(found - score) / Math.abs(score)).toBeLessThan(1e-4)
    }
  })

  it.runIf(driver !== null)('gives the same on WebGPU', { timeout: 180_000 }, async () => {
    for (const image of [goodPart(900), goldenImage(3, 70, 50, 3)]) {
      const expected = await answer(bundle(), image, 'cpu')
      const found = await answer(bundle(), image, 'webgpu')
      expect(difference(found.score, expected.score)).toBeLessThan(1e-3)
      expect(difference(found.map, expected.map)).toBeLessThan(1e-3)
    }
  })
})
