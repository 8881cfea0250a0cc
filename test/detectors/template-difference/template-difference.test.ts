import { describe, expect, it } from 'vitest'
import type { FitContext, GoodImage } from '../../../engine/detectors/detector.ts'
import { templateDifference } from '../../../engine/detectors/template-difference/template-difference.ts'
import type { RawImage } from '../../../engine/frame/image-codec.ts'
import { decodeModel } from '../../../engine/graph/decode.ts'
import { seededRandom } from '../../../engine/random.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'

const context: FitContext = { seed: 3, threads: 1, progress: () => {}, signal: new AbortController().signal }

/** A board of one of two layouts, a little off its place; `broken` cuts a trace of five pixels. */
function board (seed: number, broken = false): RawImage {
  const random = seededRandom(seed)
  const [layout, dx, dy] = [seed % 2, Math.floor(5 * random()) - 2, Math.floor(5 * random()) - 2]
  const data = new Uint8Array(96 * 96 * 3)
  for (let y = 0; y < 96; y++) {
    for (let x = 0; x < 96; x++) {
      const [u, v] = [x - dx, y - dy]
      const trace = layout === 0 ? (u % 24 < 6 || (v > 40 && v < 48)) : (v % 32 < 8 || (u > 60 && u < 70))
      const cut = broken && layout === 0 && u >= 24 && u < 30 && v >= 20 && v < 25
      for (let channel = 0; channel < 3; channel++) data[(y * 96 + x) * 3 + channel] = (trace && !cut ? 170 + 20 * channel : 30) + 12 * random()
    }
  }
  return { data, width: 96, height: 96, channels: 3 }
}

const boards: GoodImage[] = Array.from({ length: 60 }, (_, index) => ({ name: `board ${index}`, group: null, calibration: false, read: () => Promise.resolve(board(index + 1)) }))

describe('template-difference', () => {
  it('sees a cut trace on shifted colour boards of two layouts, where it is', async () => {
    const { bytes, metadata } = await templateDifference.fit(boards, {}, context)
    expect(metadata.input.channels).toBe(3)
    expect(metadata.trials.map(({ settings }) => settings['variants'])).toEqual([1, 8])
    expect(metadata.options['variants']).toBe(8)
    const session = await openSession(bytes)
    const answers = async (image: RawImage): Promise<{ score: number, place: number }> => {
      const { score, map } = await session.run({ image: { type: 'uint8', dims: [1, 96, 96, 3], data: image.data } })
      const values = map!.data as Float32Array
      return { score: (score!.data as Float32Array)[0]!, place: values.indexOf(Math.max(...values)) }
    }
    const good = []
    for (let seed = 100; seed < 110; seed++) good.push((await answers(board(seed))).score)
    const worst = Math.max(...good)
    for (let seed = 200; seed < 210; seed += 2) {
      const { score, place } = await answers(board(seed, true))
      expect(score).toBeGreaterThan(2 * worst)
      expect(Math.abs(place % 96 - 26)).toBeLessThan(8)
      expect(Math.abs(Math.floor(place / 96) - 22)).toBeLessThan(8)
    }
    await session.close()
  })

  it('holds its templates once, wherever parts are looked for', async () => {
    const { bytes } = await templateDifference.fit(boards, { shift: 4, variants: 2 }, context)
    const held = [...decodeModel(bytes).constants.values()].filter(({ type }) => type === 'uint8').map(({ dims }) => dims)
    // The mean, and what is tolerated above and below it.
    expect(held).toEqual([[2, 3, 96, 96], [2, 3, 96, 96], [2, 3, 96, 96]])
  })

  it('holds a single template without a search where nothing shifts', async () => {
    const { bytes, metadata } = await templateDifference.fit(boards, { shift: 0, variants: 1, neighbourhood: 0 }, context)
    expect(metadata.options).toMatchObject({ shift: 0, variants: 1 })
    const session = await openSession(bytes)
    const { score } = await session.run({ image: { type: 'uint8', dims: [2, 96, 96, 3], data: new Uint8Array(2 * 96 * 96 * 3) } })
    expect(score!.data).toHaveLength(2)
    await session.close()
  })
})
