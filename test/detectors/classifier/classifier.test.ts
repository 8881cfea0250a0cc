import { describe, expect, it } from 'vitest'
import { readBundle } from '../../../engine/bundle/bundle.ts'
import { classifier } from '../../../engine/detectors/classifier/classifier.ts'
import type { DefectImage, FitContext } from '../../../engine/detectors/detector.ts'
import type { RawImage } from '../../../engine/frame/image-codec.ts'
import { decodeModel } from '../../../engine/graph/decode.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'
import { goodPart, goodParts } from '../good-parts.ts'

/** A part with a dark corner, or with a bright band. */
function defect (type: 'corner' | 'band', seed: number): RawImage {
  const part = goodPart(seed)
  const data = part.data.map((value, i) => {
    const [x, y] = [i % 64, Math.floor(i / 64)]
    if (type === 'corner') return x + y < 30 ? 20 : value
    return y > 40 && y < 46 ? 240 : value
  })
  return { ...part, data }
}

function defects (count: number, types: Array<'corner' | 'band'> = ['corner', 'band']): DefectImage[] {
  return Array.from({ length: count }, (_, index) => {
    const type = types[index % types.length]!
    return { name: `${type} ${index}`, group: null, className: type, read: () => Promise.resolve(defect(type, 300 + index)) }
  })
}

function context (change: Partial<FitContext> = {}): FitContext {
  return { seed: 3, threads: 1, progress: () => {}, signal: new AbortController().signal, defects: defects(24), ...change }
}

const quick = { scale: 'fine', size: 64 }

describe('classifier', () => {
  it('names the types of defect that it has learned, and passes good parts', async () => {
    const { bytes, metadata } = await classifier.fit(goodParts(40), quick, context())
    expect(metadata.classNames).toEqual(['good', 'band', 'corner'])
    expect(metadata.training.defects).toMatchObject({ images: { band: 12, corner: 12 } })
    expect(new Set(metadata.training.defects!.imageHashes).size).toBe(24)
    expect(metadata.trials.filter(({ chosen }) => chosen)).toHaveLength(1)
    const session = await openSession((await readBundle(bytes)).bytes)
    const pictures = [900, 901, 902, 903].flatMap((seed) => [goodPart(seed), defect('band', seed), defect('corner', seed)])
    for (const [index, { data }] of pictures.entries()) {
      const { classes, score } = await session.run({ image: { type: 'uint8', dims: [1, 64, 64, 1], data } })
      expect(classes!.dims).toEqual([1, 3])
      const logits = [...classes!.data as Float32Array]
      expect(logits.indexOf(Math.max(...logits))).toBe(index % 3)
      expect((score!.data as Float32Array)[0]).toBeCloseTo(Math.log(Math.exp(logits[1]!) + Math.exp(logits[2]!)) - logits[0]!, 3)
    }
    await session.close()
  })

  it('is a feature map, its average, and a linear head, whose map has the score as its mean', async () => {
    const { bytes, metadata } = await classifier.fit(goodParts(40), { ...quick, classes: 'defect', penalty: 0.01, mapSigma: 0 }, context())
    expect(metadata.classNames).toEqual(['good', 'defect'])
    const operators = decodeModel(bytes).nodes.map(({ operator }) => operator)
    for (const operator of ['GlobalAveragePool', 'Gemm']) expect(operators.filter((name) => name === operator)).toHaveLength(1)
    const session = await openSession(bytes)
    const { score, map } = await session.run({ image: { type: 'uint8', dims: [1, 64, 64, 1], data: defect('corner', 77).data } })
    const values = map!.data as Float32Array
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo((score!.data as Float32Array)[0]!, 2)
    // The dark corner is where its map is highest.
    const place = values.indexOf(Math.max(...values))
    expect(place % 16 + Math.floor(place / 16)).toBeLessThan(10)
    await session.close()
  })

  it('says what it lacks', async () => {
    await expect(classifier.fit(goodParts(40), quick, context({ defects: [] }))).rejects.toMatchObject({ code: 'GOODPARTS_TOO_FEW_IMAGES', message: expect.stringContaining('no defect at all') as string, fix: expect.stringContaining('split=train') as string })
    const one = [...defects(4, ['band']), ...defects(1, ['corner'])]
    await expect(classifier.fit(goodParts(40), quick, context({ defects: one }))).rejects.toMatchObject({ code: 'GOODPARTS_TOO_FEW_IMAGES', message: expect.stringContaining('1 of corner') as string })
    const named = defects(4).map((image) => ({ ...image, className: 'good' }))
    await expect(classifier.fit(goodParts(40), quick, context({ defects: named }))).rejects.toMatchObject({ code: 'GOODPARTS_ARGUMENT' })
  })
})
