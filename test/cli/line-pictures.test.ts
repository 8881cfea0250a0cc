import { expect, it } from 'vitest'
import { goodPictures, texturedPictures, withHole } from '../../cli/commands/bench/line-pictures.ts'
import { madeBundle } from '../../cli/commands/bench/made-bundle.ts'
import { withExemplars } from '../../engine/bundle/kept-exemplars.ts'
import { createDecision } from '../../engine/decision/decision.ts'
import { Frame } from '../../engine/frame/frame.ts'
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

it('gives a made bundle parts that it takes for good, and holes that it rejects', async () => {
  const size = 128
  const bundle = await madeBundle({ layers: 'standard', size, width: size, height: size, seed: 1 })
  const exemplars = texturedPictures(4, size, 9)
  const kept = await goodPictures(await withExemplars(bundle, exemplars.map((picture, i) => ({ name: String(i), read: async () => Promise.resolve(picture) }))), 4, 1)
  expect(kept.map(({ width, height, channels }) => [width, height, channels])).toEqual(Array.from(kept, () => [size, size, 3]))
  const model = await loadModel(bundle, { device: 'cpu' })
  try {
    const decision = createDecision({ calibrationScores: model.metadata.calibration.scores })
    const verdicts = async (pictures: typeof kept): Promise<string[]> => {
      const frames = pictures.map(({ data }, sequence) => Frame.fromPixels(data, { source: 'test', sequence, width: size, height: size, channels: 3 }))
      return (await model.score(frames)).map(({ score }) => decision.judge(score).verdict)
    }
    expect(await verdicts(kept.map((picture, i) => withHole(picture, i)))).toEqual(Array.from(kept, () => 'reject'))
    expect((await verdicts(exemplars)).filter((verdict) => verdict === 'reject')).toEqual([])
  } finally {
    await model.close()
  }
})

it('has synthetic parts for a bundle that keeps none', async () => {
  const bundle = await madeBundle({ layers: 'standard', size: 64, width: 80, height: 48, seed: 1 })
  const pictures = await goodPictures(bundle, 3, 7)
  expect(pictures.map(({ width, height }) => [width, height])).toEqual(Array.from({ length: 3 }, () => [80, 48]))
})
