import { describe, expect, it } from 'vitest'
import { distillation } from '../../../engine/detectors/distillation/distillation.ts'
import { readDistillationOptions, sizedFor } from '../../../engine/detectors/distillation/options.ts'
import { goodParts } from '../good-parts.ts'

describe('size: picture', () => {
  it.each([[20, 64], [64, 64], [65, 96], [128, 128], [250, 256], [4000, 256], [Infinity, 256]])('of pictures of %i pixels is %i', (edge, size) => {
    expect(sizedFor(readDistillationOptions({}), edge).size).toBe(size)
  })

  it('leaves what was asked for', () => {
    for (const size of ['auto', 512]) expect(sizedFor(readDistillationOptions({ size }), 128).size).toBe(size)
  })

  it('is in the bundle in pixels', async () => {
    const images = goodParts(30)
    const { width, height } = await images[0]!.read()
    const { metadata } = await distillation.fit(images, { components: 8, width: 4, bottleneck: 4, batch: 2, steps: 4 }, { seed: 3, threads: 1, progress: () => {}, signal: new AbortController().signal })
    expect(metadata.options).toMatchObject({ scale: 'standard', size: Math.max(64, 32 * Math.ceil(Math.max(width, height) / 32)) })
  }, 120_000)
})
