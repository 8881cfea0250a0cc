import { expect, it } from 'vitest'
import { goodPictures, texturedPictures, withHole } from '../../cli/commands/bench/line-pictures.ts'
import { madeBundle } from '../../cli/commands/bench/made-bundle.ts'
import type { ModelBundle } from '../../engine/bundle/bundle.ts'
import { goldenImage } from '../../engine/bundle/golden.ts'
import { withExemplars } from '../../engine/bundle/kept-exemplars.ts'
import { createDecision } from '../../engine/decision/decision.ts'
import { Frame } from '../../engine/frame/frame.ts'
import type { RawImage } from '../../engine/frame/image-codec.ts'
import { loadModel } from '../../engine/runtime/inference-runtime.ts'

it('cuts one square out of a picture, the same for the same seed, and leaves the picture as it is', () => {
  const picture = { data: new Uint8Array(64 * 40).fill(200), width: 64, height: 40, channels: 1 as const }
  const { data } = withHole(picture, 3)
  const black = [...data.keys()].filter((pixel) => data[pixel] === 0)
  expect(black).toHaveLength(25)
  expect(data.filter((value) => value === 200)).toHaveLength(64 * 40 - 25)
  const [columns, rows] = [black.map((pixel) => pixel % 64), black.map((pixel) => Math.floor(pixel / 64))]
  for (const places of [columns, rows]) expect(Math.max(...places) - Math.min(...places)).toBe(4)
  expect(withHole(picture, 3).data).toEqual(data)
  expect(picture.data.every((value) => value === 200)).toBe(true)
})

it('has good parts of which a made bundle rejects none, and holes of which it rejects all', async () => {
  const size = 128
  const model = await loadModel(await madeBundle({ layers: 'standard', size, width: size, height: size, seed: 1 }), { device: 'cpu' })
  try {
    const decision = createDecision({ calibrationScores: model.metadata.calibration.scores })
    const verdicts = async (pictures: RawImage[]): Promise<string[]> => {
      const frames = pictures.map(({ data }, sequence) => Frame.fromPixels(data, { source: 'test', sequence, width: size, height: size, channels: 3 }))
      return (await model.score(frames)).map(({ score }) => decision.judge(score).verdict)
    }
    const good = texturedPictures(4, size, 9)
    expect(await verdicts(good)).not.toContain('reject')
    expect(await verdicts(good.map((picture, i) => withHole(picture, i)))).toEqual(['reject', 'reject', 'reject', 'reject'])
  } finally {
    await model.close()
  }
})

it('has the parts that a bundle keeps in the size of its frames, and synthetic ones for a bundle that keeps none, or none of its channels', async () => {
  const bundle = await madeBundle({ layers: 'standard', size: 64, width: 80, height: 48, seed: 1 })
  const keeping = async (picture: RawImage): Promise<ModelBundle> => withExemplars(bundle, [{ name: 'one', read: async () => Promise.resolve(picture) }])
  const synthetic = Array.from({ length: 3 }, (_, i) => goldenImage(7 + i, 80, 48))
  expect(await goodPictures(bundle, 3, 7)).toEqual(synthetic)
  expect(await goodPictures(await keeping({ data: new Uint8Array(900).fill(90), width: 30, height: 30, channels: 1 }), 3, 7)).toEqual(synthetic)

  const [grown, ...others] = await goodPictures(await keeping({ data: new Uint8Array(2700).fill(90), width: 30, height: 30, channels: 3 }), 3, 7)
  expect([grown!.width, grown!.height, others]).toEqual([80, 48, []])
  for (const value of grown!.data) expect(Math.abs(value - 90)).toBeLessThan(4)
})
