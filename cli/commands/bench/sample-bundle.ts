/** A patch memory of synthetic pictures: its cost is that of a real one of the same geometry. */
import { efficientNetLite0 } from '../../../engine/backbones/backbone.ts'
import { buildFeatureGraph, featureGeometry } from '../../../engine/detectors/backbone-features/feature-graph.ts'
import type { FeatureOptions } from '../../../engine/detectors/backbone-features/feature-graph.ts'
import { patchMemoryDefaults } from '../../../engine/detectors/patch-memory/options.ts'
import { buildScoringGraph } from '../../../engine/detectors/patch-memory/scoring-graph.ts'
import { encodeModel } from '../../../engine/graph/encode.ts'
import type { Graph } from '../../../engine/graph/graph.ts'
import { normal, seededRandom } from '../../../engine/random.ts'
import type { Random } from '../../../engine/random.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'
import type { Tensor } from '../../../engine/runtime/onnx-runtime.ts'

export interface SampleBundleOptions {
  layers: string
  size: number
  /** Entries of the bank. */
  entries: number
  /** Numbers of each entry. */
  width: number
  seed: number
}

/** The bank is drawn from the features of a few pictures, projected at random. */
export async function sampleBundle ({ layers, size, entries, width, seed }: SampleBundleOptions): Promise<Graph> {
  const random = seededRandom(seed)
  const options: FeatureOptions = { backbone: efficientNetLite0, layers, size, normalisation: 'backbone' }
  const { channels, grid } = featureGeometry(options)
  const matrix = Float32Array.from({ length: channels * width }, () => normal(random) / Math.sqrt(channels))
  const projection = { mean: new Float32Array(channels), matrix }
  const session = await openSession(encodeModel(buildFeatureGraph(options, projection)))
  const pictures = Math.ceil(entries / (grid * grid)) + 1
  const { features } = await session.run({ image: texturedImages(random, pictures, size, size, 3) })
  await session.close()
  const rows = features?.data as Float32Array
  const bank = new Float32Array(entries * width)
  for (let entry = 0; entry < entries; entry++) {
    const row = Math.floor(random() * rows.length / width)
    bank.set(rows.subarray(row * width, (row + 1) * width), entry * width)
  }
  return buildScoringGraph({ ...options, projection, bank, reweightNeighbours: patchMemoryDefaults.reweightNeighbours, mapSigma: patchMemoryDefaults.mapSigma })
}

/** Waves and noise, uint8 `(N, H, W, C)`. */
export function texturedImages (random: Random, count: number, height: number, width: number, channels: number): Tensor {
  const data = new Uint8Array(count * height * width * channels)
  for (let index = 0; index < data.length; index++) {
    const pixel = Math.floor(index / channels)
    data[index] = 128 + 50 * Math.sin(pixel % width / 7) * Math.cos(Math.floor(pixel / width) % height / 11) + 40 * (random() - 0.5)
  }
  return { type: 'uint8', dims: [count, height, width, channels], data }
}
