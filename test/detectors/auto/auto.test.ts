import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../schemas/bundle.ts'
import { readBundle } from '../../../engine/bundle/bundle.ts'
import { automatic } from '../../../engine/detectors/auto/auto.ts'
import type { Detector, FitContext, GoodImage } from '../../../engine/detectors/detector.ts'
import { detectorByFamily } from '../../../engine/detectors/registry.ts'
import { seededRandom } from '../../../engine/random.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'
import { goodParts } from '../good-parts.ts'

function context (change: Partial<FitContext> = {}): FitContext {
  return { seed: 3, threads: 1, progress: () => {}, signal: new AbortController().signal, ...change }
}

const auto = detectorByFamily('auto')
const quick = { families: ['density', 'template-difference'], scale: 'fine', size: 64 }

/** Coarse grain, another on every part: there is no template for it. */
function grainy (count: number): GoodImage[] {
  return goodParts(count).map((image, index) => ({
    ...image,
    read: () => {
      const random = seededRandom(index)
      const cells = Uint8Array.from({ length: 16 * 16 }, () => 60 + 120 * random())
      return Promise.resolve({ width: 64, height: 64, channels: 1 as const, data: Uint8Array.from({ length: 64 * 64 }, (_, i) => (cells[Math.floor(i / 256) * 16 + Math.floor(i % 64 / 4)] as number) + 8 * random()) })
    }
  }))
}

describe('auto', () => {
  it('fits the family that separates drawn defects best, and writes the choice and the numbers into the bundle', async () => {
    const stages = new Set<string>()
    const { bytes, metadata } = await auto.fit(grainy(60), { ...quick, families: ['template-difference', 'density'] }, context({ progress: ({ stage }) => stages.add(stage.split(':')[0]!) }))
    const rows = metadata.trials.filter(({ settings }) => settings['family'] !== undefined)
    expect(rows.map(({ settings }) => settings['family'])).toEqual(['template-difference', 'density'])
    const best = rows.reduce((a, b) => b.proxyAuroc! > a.proxyAuroc! + 0.003 ? b : a)
    expect(rows.filter(({ chosen }) => chosen)).toEqual([best])
    expect(metadata.family).toBe('density')
    expect(metadata.family).toBe(best.settings['family'])
    expect(metadata.options).toMatchObject({ size: 64 })
    expect(metadata.training.images + metadata.calibration.scores.length).toBe(60)
    expect((await readBundle(bytes)).metadata).toEqual(metadata)
    expect([...stages]).toEqual(expect.arrayContaining(['trying density', 'trying template-difference', 'learning']))
    await (await openSession(bytes)).close()
  }, 120_000)

  it('goes on without a family that fails, and says why', async () => {
    const { metadata } = await auto.fit(goodParts(40), { ...quick, size: 100 }, context())
    expect(metadata.family).toBe('template-difference')
    expect(metadata.trials[0]).toMatchObject({ settings: { family: 'density' }, proxyAuroc: null, outcome: expect.stringMatching(/^failed: Expected/) as string })
  }, 120_000)

  it('takes the first family where there is nothing to choose by', async () => {
    const few = await auto.fit(goodParts(24), quick, context())
    expect(few.metadata).toMatchObject({ family: 'density', trials: [{ outcome: 'chosen: too few pictures to choose by', chosen: true }] })
    const one = await auto.fit(goodParts(40), { ...quick, families: ['density'] }, context())
    expect(one.metadata).toMatchObject({ family: 'density', trials: [{ outcome: 'chosen: the only family' }] })
  }, 120_000)

  it('takes another family that is named, and shows its trial no labelled defects', async () => {
    const seen: Array<number | undefined> = []
    const learner = (family: string): Detector => ({
      ...detectorByFamily('template-difference'),
      family,
      learnsDefects: 'optional',
      fit: (images, options, given) => {
        seen.push(given.defects?.length)
        return detectorByFamily('template-difference').fit(images, options, given)
      }
    })
    const defects = goodParts(2).map((image) => ({ ...image, className: 'odd' }))
    await automatic([learner('one'), learner('other')]).fit(goodParts(40), { families: ['other', 'one'], size: 64 }, context({ defects }))
    // Two trials, then the family that was chosen.
    expect(seen).toEqual([undefined, undefined, 2])
  }, 120_000)

  it('asks the trials for the speed, not again the fit of what was fast enough, and the bundle says what was asked', async () => {
    const asked: JsonValue[] = []
    const told = (family: string): Detector => ({
      ...detectorByFamily(family),
      fit: (images, options, given) => {
        asked.push(options['targetImagesPerSecond'] ?? null)
        return detectorByFamily(family).fit(images, options, given)
      }
    })
    const { metadata } = await automatic(quick.families.map(told)).fit(goodParts(40), { ...quick, targetImagesPerSecond: 0.001 }, context())
    expect(asked).toEqual([0.001, 0.001, 0])
    expect(metadata.options).toMatchObject({ targetImagesPerSecond: 0.001 })
  }, 120_000)

  it('tries and fits families that are trained at the size that they have', async () => {
    const trained = { families: ['distillation', 'reconstruction', 'contrastive'] }
    // As by itself, but in few steps: what matters here is what each is told.
    const brief = automatic(trained.families.map((family): Detector => {
      const found = detectorByFamily(family)
      return { ...found, fit: (images, options, given) => found.fit(images, { ...options, steps: 2, batch: 2, ...(options['size'] === undefined ? { size: 64 } : {}) }, given) }
    }))
    const { metadata } = await brief.fit(goodParts(40), trained, context())
    expect(metadata.trials.map(({ settings, outcome }) => [settings['family'], outcome.startsWith('failed')])).toEqual(trained.families.map((family) => [family, false]))
    expect(trained.families).toContain(metadata.family)
  }, 240_000)

  it('refuses families that there are not, or that need defects, and nothing to be fast enough', async () => {
    await expect(auto.fit(goodParts(40), { families: ['magic'] }, context())).rejects.toMatchObject({ code: 'GOODPARTS_ARGUMENT', message: expect.stringContaining('got magic') as string })
    await expect(auto.fit(goodParts(40), { families: ['classifier'] }, context())).rejects.toMatchObject({ code: 'GOODPARTS_ARGUMENT' })
    await expect(auto.fit(goodParts(40), { ...quick, targetImagesPerSecond: 100_000 }, context())).rejects.toMatchObject({ code: 'GOODPARTS_FIT_FAILED', message: expect.stringContaining('scores 100000 images per second') as string })
    await expect(auto.fit(goodParts(40), quick, context({ signal: AbortSignal.abort() }))).rejects.toMatchObject({ code: 'GOODPARTS_FIT_CANCELLED' })
  }, 120_000)
})
