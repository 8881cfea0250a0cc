import { afterAll, describe, expect, test } from 'vitest'
import { areaUnder, faithfulness } from '../../../engine/explain/metrics/faithfulness.ts'
import { ExplainedModel } from '../../../engine/explain/model/explained-model.ts'
import { workingPicture, type WorkingPicture } from '../../../engine/explain/model/working-picture.ts'
import { seededRandom } from '../../../engine/random.ts'
import { spotBundle } from '../spot-bundle.ts'
import { detector, edge, flatPicture, spot, spottedPicture } from '../hand-built-models.ts'

const model = ExplainedModel.open(detector)
const target = { kind: 'score' } as const
const spotMap = Float32Array.from({ length: edge * edge }, (_, i) => inSpot(i) ? 1 : 0)

afterAll(() => model.close())

function inSpot (i: number): boolean {
  const [x, y] = [i % edge, Math.floor(i / edge)]
  return x >= spot[0] && x < spot[2] && y >= spot[1] && y < spot[3]
}

async function picture (): Promise<WorkingPicture> {
  return workingPicture(spottedPicture(), model.input, flatPicture())
}

describe('faithfulness', () => {
  test('of a map of the only feature: shown first, the answer is there at once; hidden first, it is gone at once', async () => {
    const found = await faithfulness(model, await picture(), spotMap, { target, steps: 32 })

    // The spot is 1/64 of the pixels: it comes and goes with the first step.
    expect(found).toEqual({ insertion: 1 - 1 / 64, deletion: 1 / 64, drop: 0, increase: 0 })
  })

  test('of a map that looks away: the answer comes last and goes last', async () => {
    const found = await faithfulness(model, await picture(), spotMap.map((value) => 1 - value), { target, steps: 32 })

    expect(found).toEqual({ insertion: 1 / 64, deletion: 1 - 1 / 64, drop: 1, increase: 0 })
  })

  test('deletes sooner by the feature\'s map than by chance', async () => {
    const random = seededRandom(1)
    const chance = Float32Array.from({ length: edge * edge }, random)
    const [byChance, bySpot] = [await faithfulness(model, await picture(), chance, { target }), await faithfulness(model, await picture(), spotMap, { target })]

    expect(bySpot!.deletion).toBeLessThan(byChance!.deletion)
    expect(bySpot!.insertion).toBeGreaterThan(byChance!.insertion)
  })

  test('does not exist where the model has no confidence', async () => {
    const flat = await workingPicture(flatPicture(), model.input, 'mean')

    expect(await faithfulness(model, flat, spotMap, { target })).toBeNull()
  })

  test('does not exist where a score is hardly above that of good parts', async () => {
    // Calibrated with 0 to 98/99: the median is 49/99, the 95 % quantile 0.44 more.
    const bundle = ExplainedModel.open((await spotBundle()).bytes)
    const score = async (levels: readonly [number, number]): Promise<WorkingPicture> => {
      const image = flatPicture()
      for (let y = spot[1]; y < spot[3]; y++) for (let x = spot[0]; x < spot[2]; x++) image.data[y * edge + x] = levels[x % 2] as number
      return workingPicture(image, bundle.input, flatPicture())
    }

    expect(bundle.goodSpread).toBeCloseTo(0.95 * 98 / 99 - 49 / 99)
    // Six of nine pixels one level above what counts as bright: 0.17 above the median.
    const [faint, clear] = [await score([121, 120]), await score([121, 121])]
    expect((await bundle.confidences(faint, [null], target))[0]).toBeCloseTo(6 / 9 - 49 / 99, 3)
    expect(await faithfulness(bundle, faint, spotMap, { target })).toBeNull()
    expect(await faithfulness(bundle, clear, spotMap, { target })).not.toBeNull()
    await bundle.close()
  })

  test('measures areas by trapezoids', () => {
    expect(areaUnder([0, 1])).toBe(0.5)
    expect(areaUnder([1, 0, 0])).toBe(0.25)
    expect(areaUnder([1, 1, 1, 1])).toBe(1)
  })
})
