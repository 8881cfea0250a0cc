/** Explanations whose right answer is known. */
import { afterAll, describe, expect, test } from 'vitest'
import { agreement } from '../../engine/explain/metrics/agreement.ts'
import { rankCorrelation } from '../../engine/explain/metrics/rank-correlation.ts'
import { gradCamPlusPlus, layerCam } from '../../engine/explain/methods/gradient-cams.ts'
import type { ScoreCamVariant } from '../../engine/explain/explainer.ts'
import { channelWeights } from '../../engine/explain/methods/score-cam.ts'
import { aboveOtsu, fuse } from '../../engine/explain/methods/sise.ts'
import { addNearestSquared } from '../../engine/detectors/patch-memory/nearest-neighbour.ts'
import { ExplainedModel } from '../../engine/explain/model/explained-model.ts'
import { withRandomWeights } from '../../engine/explain/model/random-weights.ts'
import { workingPicture } from '../../engine/explain/model/working-picture.ts'
import { explainerByName, explainers } from '../../engine/explain/registry.ts'
import { stretched } from '../../engine/explain/saliency-maths.ts'
import { resampleMap } from '../../engine/frame/resample-map.ts'
import { GraphBuilder } from '../../engine/graph/builder.ts'
import { floatsOf } from '../../engine/graph/constant-tensor.ts'
import { wireNumber } from '../../engine/graph/element-types.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import { normal, seededRandom } from '../../engine/random.ts'
import { classifierGraph, classifier, classWeights, detector, detectorGraph, edge, spot, spottedPicture } from './hand-built-models.ts'

const opened: ExplainedModel[] = []
const truth = Uint8Array.from({ length: edge * edge }, (_, i) => {
  const [x, y] = [i % edge, Math.floor(i / edge)]
  return x >= spot[0] && x < spot[2] && y >= spot[1] && y < spot[3] ? 1 : 0
})

afterAll(async () => { for (const model of opened) await model.close() })

function open (bytes: Uint8Array): ExplainedModel {
  const model = ExplainedModel.open(bytes)
  opened.push(model)
  return model
}

describe('Grad-CAM', () => {
  test('of a network that ends in global average pooling is CAM: ReLU(Σ w A) of the last layer', async () => {
    const model = open(classifier)
    const picture = await workingPicture(spottedPicture(), model.input, 'mean')
    const [last] = (await model.layers(picture, { kind: 'class', index: 1 })).slice(-1)
    const [activation] = await model.activations(picture, [last!])
    const cells = last!.height * last!.width
    const cam = Float32Array.from({ length: cells }, (_, i) => Math.max(0, classWeights.reduce<number>((sum, weight, channel) => sum + weight * activation![channel * cells + i]!, 0)))

    const { map } = await explainerByName('grad-cam').explain(model, spottedPicture(), { target: { kind: 'class', index: 1 } })

    const expected = stretched(resampleMap({ values: cam, height: last!.height, width: last!.width }, edge, edge))!
    expect(Math.max(...map!.values.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-5)
  })

  test('takes gradients of the logit and SISE those of the confidence, which the other class lowers too', async () => {
    const model = open(encodeModel(classifierGraph({ softmax: true })))
    const target = { kind: 'class', index: 1 } as const
    const picture = await workingPicture(spottedPicture(), model.input, 'mean')
    const layers = (await model.layers(picture, target)).slice(-1)
    const [logit, confidence] = [(await model.gradients(picture, layers, target, 'logit'))[0]!, (await model.gradients(picture, layers, target, 'confidence'))[0]!]

    const cells = logit.height * logit.width
    classWeights.forEach((weight, channel) => {
      expect(logit.gradient[channel * cells]).toBeCloseTo(weight / cells, 8)
      // Two classes with opposite weights: twice the difference.
      expect(confidence.gradient[channel * cells]).toBeCloseTo(2 * weight / cells, 8)
    })
  })

  test('refined to Grad-CAM++ and Layer-CAM follows their formulas on two cells', () => {
    const layer = { value: 'a', channels: 2, height: 1, width: 2, activation: Float32Array.of(1, 3, 2, 0), gradient: Float32Array.of(0.5, -1, 1, 0) }

    // Channel 0: α = 1 / (2 + 4 · 0.5), w = α · 0.5; channel 1: α = 1 / (2 + 2 · 1), w = α.
    expect([...gradCamPlusPlus(layer)]).toEqual([0.125 * 1 + 0.25 * 2, 0.125 * 3])
    expect([...layerCam(layer)]).toEqual([0.5 * 1 + 1 * 2, 0])
  })
})

describe('Score-CAM', () => {
  test('weighs channels by the increase over the baseline, the confidence, or its softmax', () => {
    expect(channelWeights([0.9, 0.2], 0.5)).toEqual([0.9 - 0.5, 0.2 - 0.5])
    expect(channelWeights([0.9, 0.2], 0.5, 'confidence')).toEqual([0.9, 0.2])
    expect(channelWeights([Math.log(3), 0], 0.5, 'softmax')).toEqual([expect.closeTo(0.75, 12), expect.closeTo(0.25, 12)])
  })

  test('is clearest by its increases', async () => {
    const model = open(classifier)
    const shareBy = async (scoreCam: ScoreCamVariant): Promise<number> => {
      const { map } = await explainerByName('score-cam').explain(model, spottedPicture(), { target: { kind: 'class', index: 1 }, scoreCam })
      return agreement(map!, truth).ebpg
    }
    const [increase, confidence, softmax] = [await shareBy('increase'), await shareBy('confidence'), await shareBy('softmax')]

    expect(increase).toBeGreaterThan(confidence)
    expect(increase).toBeGreaterThan(softmax)
  })
})

describe('SISE', () => {
  test('puts more than nine tenths of its energy on the only feature that a detector has', async () => {
    const { map } = await explainerByName('sise').explain(open(detector), spottedPicture(), { target: { kind: 'score' } })

    expect(agreement(map!, truth).ebpg).toBeGreaterThan(0.9)
  })

  test('leaves out a channel that is too even to be a mask once it is enlarged, and not its layer', async () => {
    const builder = new GraphBuilder('detector with a channel that is nearly even')
    const image = builder.input('image', 'uint8', ['N', edge, edge, 1])
    const levels = builder.node('Cast', [builder.node('Transpose', [image], { perm: [0, 3, 1, 2] })], { to: wireNumber('float32') })
    const cells = builder.node('AveragePool', [builder.node('Mul', [levels, builder.scalar(1 / 255)])], { kernel_shape: [8, 8], strides: [8, 8] })
    // Of one cell, less than a millionth is left between its pixels.
    const features = builder.node('Relu', [builder.node('Conv', [cells, builder.constant(Float32Array.of(1, 1.08e-6, 0, 0), [4, 1, 1, 1], 'w'), builder.constant(Float32Array.of(0, 1, 0, 0), [4], 'b')])])
    const sum = builder.node('ReduceSum', [features, builder.whole(1)], { keepdims: 0 })
    builder.output('score', builder.node('ReduceMax', [sum, builder.whole(1, 2)], { keepdims: 0 }), 'float32', ['N'])
    builder.output('map', sum, 'float32', ['N', 8, 8])
    const picture = { data: Uint8Array.from({ length: edge * edge }, (_, i) => i % edge >> 3 === 5 && i >> 9 === 3 ? 255 : 0), width: edge, height: edge, channels: 1 } as const
    const cell = picture.data.map((level) => level === 255 ? 1 : 0)

    const { map } = await explainerByName('sise').explain(open(encodeModel(builder.build())), picture, { target: { kind: 'score' } })

    expect(agreement(map!, cell).ebpg).toBeGreaterThan(0.3)
  })

  test('lets a coarse layer through only where it is bright, with what the fine one adds', () => {
    const fine = Float32Array.from({ length: 100 }, (_, i) => i < 10 ? 1 : i < 20 ? 0.8 : 0.1)
    const coarse = Float32Array.from({ length: 100 }, (_, i) => i < 10 ? 1 : i < 15 ? 0.9 : i < 30 ? 0.2 : 0)

    const fused = fuse([fine, coarse])!

    expect(fused[0]).toBe(1)
    expect(fused[12]).toBeGreaterThan(0.7)
    expect(fused[12]).toBeLessThan(0.95)
    expect(Math.max(...fused.subarray(15))).toBeLessThan(1e-6)
  })

  test('lets through what is bright in a layer that is bright nearly everywhere', () => {
    // Otsu's threshold is 0.93 here; half as much again would be more than any value.
    const coarse = Float32Array.from({ length: 1000 }, (_, i) => i < 60 ? 1 : i < 999 ? 0.85 : 0)
    const fine = Float32Array.from({ length: 1000 }, (_, i) => i % 2)

    const fused = fuse([fine, coarse])!

    expect(fused[1]).toBe(1)
    expect(fused[0]).toBeCloseTo(0.5, 1)
    expect(Math.max(...fused.subarray(60))).toBeLessThan(0.01)
  })

  test('keeps as Ada-SISE only the maps whose gradients are above Otsu\'s threshold of the positive ones', () => {
    expect(aboveOtsu([1, 0.05, 0.8, 0.1, -0.9, 0, 0.12])).toEqual([true, false, true, false, false, false, false])
    // Two of one size are no two classes.
    expect(aboveOtsu([1, 1, -1])).toEqual([true, true, false])
  })

  test('is the only layer\'s map where there is one', () => {
    expect(fuse([Float32Array.of(0, 0.5, 1)])).toEqual(Float32Array.of(0, 0.5, 1))
    expect(fuse([])).toBeNull()
  })
})

describe('weights made random (Adebayo et al. 2018)', () => {
  test.each(explainers.map(({ method }) => [method] as const))('change the map of %s', async (method) => {
    const explainer = explainerByName(method)
    const target = method === 'anomaly-map' ? { kind: 'score' } as const : { kind: 'class', index: 1 } as const
    const graph = target.kind === 'score' ? detectorGraph() : classifierGraph()
    const picture = spottedPicture()
    const random = seededRandom(2)
    // Dark spots, which the model with its own weights does not mind and one with random weights may.
    for (const [left, top] of [[4, 4], [8, 40], [26, 50], [28, 8], [50, 46]] as const) {
      for (let y = top; y < top + 8; y++) picture.data.fill(0, y * edge + left, y * edge + left + 8)
    }
    picture.data.forEach((level, i) => { picture.data[i] = Math.max(0, Math.min(255, level + 12 * normal(random))) })
    const { map: trained } = await explainer.explain(open(encodeModel(graph)), picture, { target })
    const likeness: number[] = []
    // Many random networks say that the picture is of the other class, and there is no map to compare.
    for (let seed = 1; seed <= 100 && likeness.length < 9; seed++) {
      const { map } = await explainer.explain(await open(encodeModel(graph)).withRandomWeights(seed, []), picture, { target })
      if (map !== null) likeness.push(rankCorrelation(trained!.values, map.values))
    }

    expect(likeness.length).toBe(9)
    expect(likeness.sort((a, b) => a - b)[likeness.length >> 1]).toBeLessThan(0.5)
  }, 60_000)

  test('leave distances to a memory distances: the squares beside its entries are those of the drawn ones', () => {
    const [width, count, random] = [3, 100, seededRandom(1)]
    const builder = new GraphBuilder('memory')
    const features = builder.input('features', 'float32', [1, 'P', width + 1])
    // Far from nothing in one direction, as no memory is whose origin is its mean: the squares are far from the entries' own numbers.
    const entries = Float32Array.from({ length: width * count }, (_, i) => (i % width === 0 ? 20 : 0) + normal(random))
    builder.output('nearest', addNearestSquared(builder, features, { entries, width }), 'float32', [1, 'P'])
    const graph = builder.build()
    const drawn = withRandomWeights(graph, 7)
    const memories = graph.nodes.filter(({ operator }) => operator === 'MatMul').map(({ inputs }) => inputs[1] as string)

    expect(memories.length).toBeGreaterThan(1)
    for (const name of memories) {
      const [before, after] = [graph, drawn].map(({ constants }) => floatsOf(constants.get(name)!)) as [Float32Array, Float32Array]
      const columns = after.length / (width + 1)
      for (let column = 0; column < columns; column++) {
        const numbers = Array.from({ length: width + 1 }, (_, row) => after[row * columns + column]!)
        const square = numbers.slice(0, width).reduce((sum, value) => sum + value * value / 4, 0)
        expect(numbers[width]! / square).toBeCloseTo(1, 4)
        expect(numbers[0]).not.toBe(before[column])
      }
    }
  })
})
