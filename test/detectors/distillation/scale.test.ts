import { describe, expect, it } from 'vitest'
import { distillation } from '../../../engine/detectors/distillation/distillation.ts'
import type { FitContext } from '../../../engine/detectors/detector.ts'
import { goodParts } from '../good-parts.ts'

const context: FitContext = { seed: 3, threads: 1, progress: () => {}, signal: new AbortController().signal }
const quick = { size: 64, components: 8, width: 4, bottleneck: 4, batch: 2, steps: 4 }

describe('scale: auto', () => {
  it('chooses the teacher\'s layers by drawn defects and keeps the table', async () => {
    const { metadata } = await distillation.fit(goodParts(30), { ...quick, scale: 'auto', targetImagesPerSecond: 0.01 }, context)
    expect(new Set(metadata.trials.map(({ layers }) => layers))).toEqual(new Set(['fine', 'standard']))
    const [chosen, ...more] = metadata.trials.filter((trial) => trial.chosen)
    expect(more).toEqual([])
    expect(metadata.options).toMatchObject({ scale: chosen!.layers, size: 64, targetImagesPerSecond: 0.01 })
    expect(chosen!.imagesPerSecond).toBeGreaterThan(0.01)
  }, 120_000)

  it('takes nothing that is slower than asked for, and trains nothing to find out', async () => {
    const stages = new Set<string>()
    const fit = distillation.fit(goodParts(30), { ...quick, scale: 'fine', targetImagesPerSecond: 100_000 }, { ...context, progress: ({ stage }) => stages.add(stage) })
    await expect(fit).rejects.toMatchObject({ code: 'GOODPARTS_FIT_FAILED', message: expect.stringContaining('100000 images per second') as string })
    expect([...stages].filter((stage) => stage.includes('training'))).toEqual([])
  }, 120_000)
})
