/** Two parts, many pictures of each: one is left to learn from, and every choice is made by pictures of it. */
import { describe, expect, it } from 'vitest'
import type { FitContext } from '../../engine/detectors/detector.ts'
import { detectorByFamily } from '../../engine/detectors/registry.ts'
import { Scorer } from '../../engine/detectors/scorer.ts'
import { drawDefect } from '../../engine/detectors/synthetic-defects.ts'
import { auroc } from '../../engine/auroc.ts'
import type { JsonValue } from '../../schemas/bundle.ts'
import { goodPart, goodParts } from './good-parts.ts'

const images = goodParts(40).map((image, index) => ({ ...image, group: index % 2 === 0 ? 'left' : 'right' }))
const context: FitContext = { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal }

describe('two parts with many pictures each', { timeout: 120_000 }, () => {
  it.each<[string, Record<string, JsonValue>]>([
    ['discriminative', { scale: 'fine', size: 96, normalisation: 'backbone', components: 24, bankSize: 200, hidden: 16, drawings: 2, steps: 60, learningRate: 0.01 }],
    ['distillation', { scale: 'fine', size: 64, components: 32, width: 8, bottleneck: 8, batch: 2, steps: 100, learningRate: 0.01, mapSigma: 1 }]
  ])('teach %s, whose score is of a good part\'s size', async (family, options) => {
    const { bytes, metadata } = await detectorByFamily(family).fit(images, options, context)
    expect(metadata.calibration).toMatchObject({ heldOutBy: 'group' })
    const scorer = await Scorer.open(bytes, 1)
    const [good, drawn]: [number[], number[]] = [[], []]
    for (let seed = 1000; seed < 1020; seed++) {
      good.push(await scorer.score(goodPart(seed)))
      drawn.push(await scorer.score(drawDefect(goodPart(seed), goodPart(seed + 1), seed).image))
    }
    await scorer.close()
    expect(auroc(good, drawn)).toBeGreaterThan(0.75)
    expect(Math.max(...good.map(Math.abs))).toBeLessThan(1000)
  })

  it('let a patch memory choose by evidence, and time what it chooses', async () => {
    const asked = { size: 64, bankSize: 60, normalisation: 'backbone', whitening: true }
    const { metadata } = await detectorByFamily('patch-memory').fit(images, asked, context)
    expect(metadata.trials.map(({ proxyAuroc, imagesPerSecond }) => [proxyAuroc !== null && proxyAuroc > 0.5, (imagesPerSecond ?? 0) > 0])).toEqual([[true, true], [true, true]])
    await expect(detectorByFamily('patch-memory').fit(images, { ...asked, targetImagesPerSecond: 100_000 }, context)).rejects.toMatchObject({ code: 'GOODPARTS_FIT_FAILED' })
  })

  it('let auto try its families', async () => {
    const { metadata } = await detectorByFamily('auto').fit(images, { families: ['density', 'template-difference'], scale: 'fine', size: 64 }, context)
    expect(metadata.trials.slice(0, 2).map(({ settings, proxyAuroc }) => [settings['family'], proxyAuroc !== null && proxyAuroc > 0.5])).toEqual([['density', true], ['template-difference', true]])
  })
})
