import { describe, expect, test } from 'vitest'
import { findRegions } from '../../engine/decision/regions.ts'
import { clearRegions } from '../../engine/explain/clear-regions.ts'
import { ExplainedModel } from '../../engine/explain/model/explained-model.ts'
import { otsuThreshold } from '../../engine/explain/otsu.ts'
import { explainerByName } from '../../engine/explain/registry.ts'
import { spot, spottedPicture } from './hand-built-models.ts'
import { spotBundle } from './spot-bundle.ts'

/** `(8, 8)`: single cells of these values, apart from each other, on zero. */
function cells (...peaks: number[]): { values: Float32Array, height: number, width: number } {
  const values = new Float32Array(64)
  peaks.forEach((peak, i) => { values[Math.floor(i / 4) * 16 + i % 4 * 2] = peak })
  return { values, height: 8, width: 8 }
}

const options = { limit: 0.4, frame: { width: 80, height: 80 }, doneShare: 1 }

describe('the regions of an explanation', () => {
  test('are those that stand out from the limit, not all that reach it', () => {
    expect(clearRegions(cells(0.45, 1, 0.6, 0.8), options)).toEqual([
      { box: [20, 0, 10, 10], areaShare: 1 / 64, peak: 1, zone: null },
      { box: [60, 0, 10, 10], areaShare: 1 / 64, peak: Math.fround(0.8), zone: null }
    ])
  })

  test('must stand out the more, the sooner the explanation was cut short', () => {
    const found = (doneShare: number): number => clearRegions(cells(0.75, 1, 0.9), { ...options, doneShare }).length

    expect([1, 0.5, 0.01].map(found)).toEqual([3, 2, 1])
  })

  test('of RISE with 8 of 1000 masks are the one around the defect', async () => {
    const model = ExplainedModel.open((await spotBundle()).bytes)
    const picture = spottedPicture()
    const { map, forwards } = await explainerByName('rise').explain(model, picture, { target: { kind: 'score' }, seed: 1, baseline: 'mean', batch: 8, budget: 0 })
    await model.close()
    if (map === null) throw new Error('Expected a map, got none')
    const limit = otsuThreshold(map.values) ?? 1

    expect(forwards.done).toBeLessThan(forwards.planned)
    expect(findRegions(map, { limit, frame: picture }).length).toBeGreaterThan(3)
    const regions = clearRegions(map, { limit, frame: picture, doneShare: forwards.done / forwards.planned })
    expect(regions).toHaveLength(1)
    const [x, y, width, height] = regions[0]!.box
    const [left, top, right, bottom] = spot
    expect(x <= left && y <= top && x + width >= right && y + height >= bottom).toBe(true)
  })

  test('are three at most, the highest', () => {
    expect(clearRegions(cells(0.9, 1, 0.85, 0.8, 0.95), options).map(({ peak }) => Math.fround(peak))).toEqual([1, 0.95, 0.9].map(Math.fround))
  })

  test('are none on an empty map', () => {
    expect(clearRegions(cells(), { ...options, limit: 1 })).toEqual([])
  })
})
