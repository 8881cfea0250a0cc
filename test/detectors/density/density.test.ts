import { describe, expect, it } from 'vitest'
import { efficientNetLite0 } from '../../../engine/backbones/backbone.ts'
import { buildFeatureGraph, featureGeometry } from '../../../engine/detectors/backbone-features/feature-graph.ts'
import type { FeatureOptions } from '../../../engine/detectors/backbone-features/feature-graph.ts'
import { density } from '../../../engine/detectors/density/density.ts'
import { automaticChannels, buildPositionGraph, drawChannels } from '../../../engine/detectors/density/position-wise.ts'
import type { FitContext } from '../../../engine/detectors/detector.ts'
import { symmetricEigen } from '../../../engine/detectors/symmetric-eigen.ts'
import { encodeModel } from '../../../engine/graph/encode.ts'
import { seededRandom } from '../../../engine/random.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'
import type { Tensor } from '../../../engine/runtime/onnx-runtime.ts'
import { learnPositions } from '../../../engine/detectors/density/position-wise.ts'
import { FitWork } from '../../../engine/detectors/fit-work.ts'
import { describeDetectorContract } from '../detector-contract.ts'
import { goodPart, goodParts } from '../good-parts.ts'

const context: FitContext = { seed: 3, threads: 1, progress: () => {}, signal: new AbortController().signal }
const features: FeatureOptions = { backbone: efficientNetLite0, layers: 'fine', size: 64, normalisation: 'backbone' }

describeDetectorContract(density, { model: 'pooled', scale: 'fine', size: 96 })

async function run (graph: Parameters<typeof encodeModel>[0], seeds: readonly number[]): Promise<Record<string, Tensor>[]> {
  const session = await openSession(encodeModel(graph))
  try {
    const answers = []
    for (const seed of seeds) answers.push(await session.run({ image: { type: 'uint8', dims: [1, 64, 64, 1], data: goodPart(seed).data } }))
    return answers
  } finally {
    await session.close()
  }
}

describe('position-wise', () => {
  it('is the Mahalanobis distance under each position\'s covariance + 0.01 I', async () => {
    const images = goodParts(20)
    const model = await learnPositions(features, 6, images, new FitWork(context))
    expect(model.channelIndex).toHaveLength(6)
    const { grid, channels } = featureGeometry(features)
    const rows = (await run(buildFeatureGraph(features), [...images.keys()].map((index) => index + 1))).map(({ features }) => features!.data as Float32Array)
    const [odd] = await run(buildFeatureGraph(features), [99])
    const [answer] = await run(buildPositionGraph({ ...features, mapSigma: 0 }, model), [99])
    const at = (list: ArrayLike<number>, position: number): number[] => [...model.channelIndex].map((channel) => list[position * channels + channel]!)
    for (const position of [0, 37, grid * grid - 1]) {
      const points = rows.map((row) => at(row, position))
      const mean = points[0]!.map((_, i) => points.reduce((sum, point) => sum + point[i]!, 0) / points.length)
      const covariance = Float64Array.from({ length: 36 }, (_, index) => {
        const [i, j] = [Math.floor(index / 6), index % 6]
        return points.reduce((sum, point) => sum + (point[i]! - mean[i]!) * (point[j]! - mean[j]!), 0) / (points.length - 1) + (i === j ? 0.01 : 0)
      })
      const { values, vectors } = symmetricEigen(covariance, 6)
      const difference = at(odd!['features']!.data as Float32Array, position).map((value, i) => value - mean[i]!)
      const squared = values.reduce((sum, value, k) => sum + difference.reduce((dot, x, i) => dot + x * vectors[k * 6 + i]!, 0) ** 2 / value, 0)
      expect((answer!['map']!.data as Float32Array)[position]).toBeCloseTo(Math.sqrt(squared), 2)
    }
    expect((answer!['score']!.data as Float32Array)[0]).toBe(Math.max(...answer!['map']!.data as Float32Array))
  })

  it('draws distinct channels, and no more than its file has room for', () => {
    const drawn = drawChannels(64, 10, seededRandom(1))
    expect(new Set(drawn).size).toBe(10)
    expect([...drawn]).toEqual([...drawn].sort((a, b) => a - b))
    expect(drawChannels(64, 100, seededRandom(1))).toHaveLength(64)
    expect(automaticChannels({ ...features, layers: 'standard', size: 128 })).toBe(100)
    const large = automaticChannels({ ...features, size: 640 })
    expect(large * large * 160 * 160 * 4).toBeLessThanOrEqual(48 * 2 ** 20)
  })
})

describe('scale: auto', () => {
  it('tries layers and sizes on drawn defects and keeps the table', async () => {
    const { metadata } = await density.fit(goodParts(30), { channels: 12 }, context)
    expect(new Set(metadata.trials.map(({ layers }) => layers))).toEqual(new Set(['fine', 'standard']))
    const chosen = metadata.trials.filter((trial) => trial.chosen)
    expect(chosen).toHaveLength(1)
    expect(metadata.options).toMatchObject({ scale: chosen[0]!.layers, size: chosen[0]!.size, channels: 12, model: 'position-wise' })
    expect(chosen[0]!.proxyAuroc).toBeGreaterThanOrEqual(Math.max(...metadata.trials.map(({ proxyAuroc }) => proxyAuroc!)) - 0.003)
  })

  it('takes nothing that is slower than asked for', async () => {
    await expect(density.fit(goodParts(24), { channels: 6, targetImagesPerSecond: 100_000 }, context)).rejects.toMatchObject({ code: 'GOODPARTS_FIT_FAILED' })
  })
})
