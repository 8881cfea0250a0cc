/** The published order of SISE and Grad-CAM on defects whose place is known to the pixel, and a network that is trained on them. */
import { describe, expect, test } from 'vitest'
import { classifier } from '../../engine/detectors/classifier/classifier.ts'
import type { GoodImage } from '../../engine/detectors/detector.ts'
import type { ExplanationMethod } from '../../engine/explain/explainer.ts'
import { agreement } from '../../engine/explain/metrics/agreement.ts'
import { ExplainedModel } from '../../engine/explain/model/explained-model.ts'
import { explainerByName } from '../../engine/explain/registry.ts'
import type { RawImage } from '../../engine/frame/image-codec.ts'
import { resampleMap } from '../../engine/frame/resample-map.ts'
import { normal, seededRandom } from '../../engine/random.ts'

const edge = 64
const explained = 40
/** LG AI Research: how many times Grad-CAM's EBPG SISE's is, and what part of its mask-L1. */
const published = { ebpg: 2.98, maskL1: 2.9 }

/** Waves at a slight slant, with grain. */
function texture (seed: number): RawImage {
  const random = seededRandom(seed)
  const [phase, slant] = [2 * Math.PI * random(), 0.3 * random()]
  const data = Uint8Array.from({ length: edge * edge }, (_, i) => 120 + 20 * Math.sin((i % edge + slant * Math.floor(i / edge)) / 4 + phase) + 8 * normal(random))
  return { data, width: edge, height: edge, channels: 1 }
}

/** The texture with a bright or dark ellipse, 4 to 11 pixels across: about 1 % of the area. */
function spotted (seed: number): { image: RawImage, truth: Uint8Array } {
  const image = texture(seed)
  const random = seededRandom(seed ^ 0x5eed)
  const [across, down] = [2 + 3.5 * random(), 2 + 3.5 * random()]
  const [left, top] = [8 + 48 * random(), 8 + 48 * random()]
  const change = random() < 0.5 ? -60 : 60
  const truth = Uint8Array.from(image.data, (_, i) => ((i % edge - left) / across) ** 2 + ((Math.floor(i / edge) - top) / down) ** 2 <= 1 ? 1 : 0)
  return { image: { ...image, data: image.data.map((level, i) => truth[i] === 1 ? level + change : level) }, truth }
}

function pictures (first: number, read: (seed: number) => RawImage): GoodImage[] {
  return Array.from({ length: 80 }, (_, i) => ({ name: `${first + i}`, group: null, calibration: false, read: async () => Promise.resolve(read(first + i)) }))
}

interface Means { ebpg: number, lift: number, maskL1: number }

/** Of a network that is trained from nothing on its own pictures. */
async function meansOf (seed: number): Promise<{ gradCam: Means, sise: Means }> {
  const first = 1000 * seed
  const { bytes } = await classifier.fit(pictures(first, texture), { features: 'scratch', size: edge, width: 8, steps: 200, batch: 16, learningRate: 0.005 }, {
    seed, threads: 1, progress: () => {}, signal: new AbortController().signal, defects: pictures(first + 100, (part) => spotted(part).image).map((image) => ({ ...image, className: 'spot' }))
  })
  const model = ExplainedModel.open(bytes)
  const parts = Array.from({ length: explained }, (_, i) => spotted(first + 200 + i))
  const means = async (method: ExplanationMethod): Promise<Means> => {
    const sums = { ebpg: 0, areaShare: 0, maskL1: 0 }
    for (const { image, truth } of parts) {
      const { map } = await explainerByName(method).explain(model, image, { target: { kind: 'class', index: 1 } })
      const found = agreement({ values: resampleMap(map!, edge, edge), width: edge, height: edge }, truth)
      for (const name of ['ebpg', 'areaShare', 'maskL1'] as const) sums[name] += found[name]
    }
    return { ebpg: sums.ebpg / explained, lift: sums.ebpg / sums.areaShare, maskL1: sums.maskL1 / explained }
  }
  const found = { gradCam: await means('grad-cam'), sise: await means('sise') }
  await model.close()
  return found
}

describe('generated defects', () => {
  test('are explained by SISE better than by Grad-CAM, in the mean of three networks by more than what is published', async () => {
    const networks: Array<Awaited<ReturnType<typeof meansOf>>> = []
    for (const seed of [1, 5, 77]) networks.push(await meansOf(seed))

    for (const { gradCam, sise } of networks) {
      expect(sise.ebpg).toBeGreaterThan(2 * gradCam.ebpg)
      expect(sise.maskL1).toBeLessThan(gradCam.maskL1 / published.maskL1)
      expect(sise.lift).toBeGreaterThan(10)
    }
    const sum = (of: (means: typeof networks[0]) => number): number => networks.reduce((total, means) => total + of(means), 0)
    expect(sum(({ sise }) => sise.ebpg)).toBeGreaterThan(published.ebpg * sum(({ gradCam }) => gradCam.ebpg))
  }, 240_000)
})
