import { describe, expect, it } from 'vitest'
import type { DefectImage, FitContext } from '../../engine/detectors/detector.ts'
import { detectorByFamily } from '../../engine/detectors/registry.ts'
import type { JsonValue } from '../../schemas/bundle.ts'
import { goodParts } from './good-parts.ts'

const defects: DefectImage[] = goodParts(4).map((image) => ({ ...image, className: 'odd' }))

function context (stages: Set<string>): FitContext {
  return { seed: 3, threads: 1, progress: ({ stage }) => stages.add(stage), signal: new AbortController().signal, defects }
}

describe.each([
  ['discriminative', { scale: 'fine', size: 64, normalisation: 'backbone', components: 8, bankSize: 50, hidden: 4, steps: 4 }],
  ['classifier', { scale: 'fine', size: 64, penalty: 0.01 }]
])('%s', (family, quick: Record<string, JsonValue>) => {
  it('takes nothing that is slower than asked for, and learns nothing to find out', async () => {
    const stages = new Set<string>()
    const fit = detectorByFamily(family).fit(goodParts(24), { ...quick, targetImagesPerSecond: 100_000 }, context(stages))
    await expect(fit).rejects.toMatchObject({ code: 'GOODPARTS_FIT_FAILED', message: expect.stringContaining('100000 images per second') as string })
    expect([...stages].filter((stage) => stage.includes('training'))).toEqual([])
  }, 120_000)

  it('takes what is fast enough', async () => {
    const { metadata } = await detectorByFamily(family).fit(goodParts(24), { ...quick, targetImagesPerSecond: 0.001 }, context(new Set()))
    expect(metadata.options).toMatchObject({ scale: 'fine', size: 64, targetImagesPerSecond: 0.001 })
  }, 120_000)
})

describe.each([
  ['density', { scale: 'fine', size: 64, channels: 6 }],
  ['template-difference', { size: 64, variants: 1 }],
  ['patch-memory', { scale: 'fine', size: 64, normalisation: 'backbone', whitening: true, bankSize: 50 }]
])('%s with nothing left to choose', (family, settled: Record<string, JsonValue>) => {
  it('is refused where it is slower than asked for', async () => {
    const fit = detectorByFamily(family).fit(goodParts(24), { ...settled, targetImagesPerSecond: 100_000 }, context(new Set()))
    await expect(fit).rejects.toMatchObject({ code: 'GOODPARTS_FIT_FAILED', message: expect.stringContaining('100000 images per second') as string })
  }, 120_000)

  it('is taken where it is fast enough, and its speed is shown', async () => {
    const { metadata } = await detectorByFamily(family).fit(goodParts(24), { ...settled, targetImagesPerSecond: 0.001 }, context(new Set()))
    expect(metadata.trials).toMatchObject([{ imagesPerSecond: expect.any(Number) as number, chosen: true }])
  }, 120_000)

  it('is not tried where any speed will do', async () => {
    const { metadata } = await detectorByFamily(family).fit(goodParts(24), settled, context(new Set()))
    expect(metadata.trials).toEqual([])
  }, 120_000)
})
