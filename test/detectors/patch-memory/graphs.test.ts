import { describe, expect, it } from 'vitest'
import { efficientNetLite0, layerSet, loadBackbone } from '../../../engine/backbones/backbone.ts'
import { buildFeatureGraph, featureGeometry } from '../../../engine/detectors/backbone-features/feature-graph.ts'
import type { FeatureOptions, Projection } from '../../../engine/detectors/backbone-features/feature-graph.ts'
import { buildScoringGraph } from '../../../engine/detectors/patch-memory/scoring-graph.ts'
import { encodeModel } from '../../../engine/graph/encode.ts'
import type { Graph } from '../../../engine/graph/graph.ts'
import { normal, seededRandom } from '../../../engine/random.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'
import type { Tensor } from '../../../engine/runtime/onnx-runtime.ts'
import { averageLocally, enlargeTwice, normalised, project, scoreNaively, sideBySide } from './naive.ts'

const size = 64
const random = seededRandom(11)
const base = { backbone: efficientNetLite0, size } as const

/** Textured pictures `(count, height, width, channels)`. */
function pictures (count: number, channels: 1 | 3, height = size, width = size): Tensor & { type: 'uint8' } {
  const data = Uint8Array.from({ length: count * height * width * channels }, (_, index) =>
    Math.min(255, Math.max(0, 120 + 60 * Math.sin(index / 9) + 30 * normal(random))))
  return { type: 'uint8', dims: [count, height, width, channels], data }
}

async function run (graph: Graph, feeds: Record<string, Tensor>): Promise<Record<string, Float32Array>> {
  const session = await openSession(encodeModel(graph))
  const outputs = await session.run(feeds)
  await session.close()
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]))
}

function relativeDifference (found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length)
  let difference = 0
  let total = 0
  for (let i = 0; i < expected.length; i++) {
    difference += (found[i]! - expected[i]!) ** 2
    total += expected[i]! ** 2
  }
  return Math.sqrt(difference / total)
}

function randomProjection (features: number, width: number): Projection {
  return {
    mean: Float32Array.from({ length: features }, () => normal(random)),
    matrix: Float32Array.from({ length: features * width }, () => normal(random) / Math.sqrt(features))
  }
}

describe.each(['backbone', 'image'] as const)('features with %s normalisation', (normalisation) => {
  it.each([['fine', 1], ['standard', 3]] as const)('of %s layers and %i channels are the averaged layers side by side', async (layers, channels) => {
    const options: FeatureOptions = { ...base, layers, normalisation }
    const image = pictures(2, channels)
    const { features } = await run(buildFeatureGraph(options), { image })
    const chosen = layerSet(efficientNetLite0, layers)
    const input: Tensor = { type: 'float32', dims: [2, 3, size, size], data: normalised(image, normalisation, efficientNetLite0) }
    const blocks = await run(loadBackbone(efficientNetLite0, chosen), { image: input })
    const { grid } = featureGeometry(options)
    const maps = chosen.map(({ tensor, channels, stride }, index) => {
      const averaged = averageLocally(blocks[tensor]!, 2 * channels, size / stride)
      return { channels, values: index === 0 ? averaged : enlargeTwice(averaged, 2 * channels, size / stride) }
    })
    expect(relativeDifference(features!, sideBySide(maps, 2, grid))).toBeLessThan(1e-5)
  })
})

describe('a projection inside the feature graph', () => {
  it.each(['fine', 'standard'])('gives what a projection after it gives (%s)', async (layers) => {
    const options: FeatureOptions = { ...base, layers, normalisation: 'backbone' }
    const image = pictures(2, 3)
    const { channels } = featureGeometry(options)
    const projection = randomProjection(channels, 8)
    const plain = await run(buildFeatureGraph(options), { image })
    const projected = await run(buildFeatureGraph(options, projection), { image })
    expect(relativeDifference(projected['features']!, project(plain['features']!, projection, 8))).toBeLessThan(1e-5)
  })
})

describe('the scoring graph', () => {
  const cases = [
    { layers: 'fine', entries: 300, width: 8, reweightNeighbours: 9, mapSigma: 4, k: 1 },
    { layers: 'fine', entries: 130, width: 8, reweightNeighbours: 9, mapSigma: 0, k: 5 },
    { layers: 'standard', entries: 40, width: 8, reweightNeighbours: 1, mapSigma: 0, k: 3 },
    { layers: 'standard', entries: 40, width: 16, reweightNeighbours: 5, mapSigma: 0, k: 1 },
    { layers: 'standard', entries: 3, width: 4, reweightNeighbours: 9, mapSigma: 6, k: 7 },
    { layers: 'three', entries: 1000, width: 5, reweightNeighbours: 1, mapSigma: 4, k: 1 }
  ]
  it.each(cases)('agrees with plain arithmetic: $layers, bank of $entries, k = $k, b = $reweightNeighbours', async ({ entries, width, ...rest }) => {
    const options = { ...base, normalisation: 'backbone', ...rest } as const
    const image = pictures(3, 3)
    const { channels, grid } = featureGeometry(options)
    const projection = randomProjection(channels, width)
    const { features } = await run(buildFeatureGraph(options), { image })
    const projected = project(features!, projection, width)
    // A bank of slightly moved features of the first two pictures, far from the origin: small distances on large numbers.
    const pick = Uint32Array.from({ length: entries }, () => Math.floor(random() * 2 * grid * grid))
    const bank = Float32Array.from({ length: entries * width }, (_, index) => projected[pick[Math.floor(index / width)]! * width + index % width]! + 0.05 * normal(random))
    const found = await run(buildScoringGraph({ ...options, projection, bank }), { image })
    const expected = scoreNaively(projected, bank, { width, grid, pictures: 3, neighbours: rest.reweightNeighbours, k: rest.k, sigma: rest.mapSigma * grid / size })
    expect(relativeDifference(found['score']!, expected.scores)).toBeLessThan(1e-4)
    expect(relativeDifference(found['map']!, expected.maps)).toBeLessThan(1e-4)
  })

  const small = { ...base, layers: 'standard', normalisation: 'image', reweightNeighbours: 3, mapSigma: 4 } as const

  it('takes pictures of any geometry, one or three channels, and a flat one', async () => {
    const projection = randomProjection(152, 4)
    const bank = Float32Array.from({ length: 40 }, () => normal(random))
    const session = await openSession(encodeModel(buildScoringGraph({ ...small, projection, bank })))
    const flat: Tensor = { type: 'uint8', dims: [1, 50, 50, 1], data: new Uint8Array(2500).fill(7) }
    for (const image of [pictures(2, 1, 100, 90), pictures(1, 3, 40, 200), flat]) {
      const { score, map } = await session.run({ image })
      expect(score?.dims).toEqual([image.dims[0]])
      expect(map?.dims).toEqual([image.dims[0], 8, 8])
      expect([...score!.data, ...map!.data].every((value) => Number.isFinite(value))).toBe(true)
    }
    await session.close()
  })

  it('relates distances to the median distance of each picture', async () => {
    const projection = randomProjection(152, 4)
    const bank = Float32Array.from({ length: 40 }, () => normal(random))
    const options = { ...small, size: 128, mapSigma: 0, reweightNeighbours: 1, projection, bank }
    const image = pictures(2, 1)
    const absolute = await run(buildScoringGraph(options), { image })
    const relative = await run(buildScoringGraph({ ...options, relative: true }), { image })
    const cells = absolute['map']!.length / 2
    for (const picture of [0, 1]) {
      const distances = absolute['map']!.slice(picture * cells, (picture + 1) * cells)
      const median = [...distances].sort((a, b) => b - a)[Math.ceil(cells / 2) - 1]!
      expect(relativeDifference(relative['map']!.slice(picture * cells, (picture + 1) * cells), distances.map((distance) => distance / median))).toBeLessThan(1e-4)
      expect(relative['score']![picture]).toBeCloseTo(absolute['score']![picture]! / median, 4)
    }
  })

  it('scores a picture alike alone and in a batch, grey and as three equal channels', async () => {
    const projection = randomProjection(152, 4)
    const bank = Float32Array.from({ length: 40 }, () => normal(random))
    const graph = buildScoringGraph({ ...small, projection, bank })
    const grey = pictures(2, 1)
    const one: Tensor = { type: 'uint8', dims: [1, size, size, 1], data: grey.data.subarray(size * size) }
    const colour: Tensor = { type: 'uint8', dims: [2, size, size, 3], data: Uint8Array.from({ length: grey.data.length * 3 }, (_, index) => grey.data[Math.floor(index / 3)]!) }
    const both = await run(graph, { image: grey })
    const alone = await run(graph, { image: one })
    const coloured = await run(graph, { image: colour })
    expect(alone['score']![0]).toBeCloseTo(both['score']![1]!, 4)
    expect(relativeDifference(coloured['map']!, both['map']!)).toBeLessThan(1e-4)
  })

  it('refuses options that do not fit', () => {
    const projection = randomProjection(152, 4)
    const build = (change: object): Graph => buildScoringGraph({ ...small, projection, bank: new Float32Array(40), ...change })
    expect(() => build({ size: 100 })).toThrow(/multiple of 16 pixels for layers standard, got 100/)
    expect(() => build({ layers: 'fine' })).toThrow(/Expected a projection of 64 features/)
    expect(() => build({ bank: new Float32Array(41) })).toThrow(/bank of entries of 4 numbers, got 41/)
    expect(() => build({ k: 0 })).toThrow(/k to be a whole number/)
    expect(() => build({ reweightNeighbours: 0 })).toThrow(/reweightNeighbours/)
    expect(() => build({ mapSigma: -1 })).toThrow(/mapSigma/)
  })
})
