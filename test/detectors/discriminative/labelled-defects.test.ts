import { describe, expect, it } from 'vitest'
import type { DefectImage, FittedBundle } from '../../../engine/detectors/detector.ts'
import { discriminative } from '../../../engine/detectors/discriminative/discriminative.ts'
import { Scorer } from '../../../engine/detectors/scorer.ts'
import { auroc } from '../../../engine/auroc.ts'
import type { RawImage } from '../../../engine/frame/image-codec.ts'
import { goodPart, goodParts } from '../good-parts.ts'

const edge = 64
const quick = { scale: 'fine', size: 96, normalisation: 'backbone', components: 24, bankSize: 200, hidden: 16, drawings: 2, steps: 120, learningRate: 0.01 }

/** A faint second weave over the whole part: defects are drawn in places, never everywhere. */
function woven (seed: number): RawImage {
  const part = goodPart(seed)
  return { ...part, data: part.data.map((value, index) => value + 3 * Math.sin(Math.floor(index / edge) / 2)) }
}

function fit (defects: DefectImage[]): Promise<FittedBundle> {
  return discriminative.fit(goodParts(40, edge), quick, { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal, defects })
}

async function separation ({ bytes }: FittedBundle): Promise<number> {
  const scorer = await Scorer.open(bytes, 1)
  const [good, bad]: [number[], number[]] = [[], []]
  for (let seed = 1000; seed < 1040; seed++) {
    good.push(await scorer.score(goodPart(seed, edge)))
    bad.push(await scorer.score(woven(seed + 500)))
  }
  await scorer.close()
  return auroc(good, bad) ?? 0
}

describe('discriminative with labelled defects', { timeout: 300_000 }, () => {
  it('sees a kind that drawn defects do not cover better, without masks, and says what it learned from', async () => {
    const defects = Array.from({ length: 24 }, (_, index): DefectImage => ({ name: `woven ${index}`, group: null, className: 'woven', read: () => Promise.resolve(woven(2000 + index)) }))
    const labelled = await fit(defects)
    const [without, withThem] = [await separation(await fit([])), await separation(labelled)]
    expect(labelled.metadata.training.defects).toMatchObject({ images: { woven: 24 } })
    expect(labelled.metadata.training.defects?.imageHashes).toHaveLength(24)
    expect(withThem).toBeGreaterThan(0.97)
    expect(withThem).toBeGreaterThan(without + 0.02)
  })
})
