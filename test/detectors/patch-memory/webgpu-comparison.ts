/** Prints the largest relative differences between WebGPU and CPU for one small bundle graph, as JSON. */
import { efficientNetLite0 } from '../../../engine/backbones/backbone.ts'
import { buildScoringGraph } from '../../../engine/detectors/patch-memory/scoring-graph.ts'
import { encodeModel } from '../../../engine/graph/encode.ts'
import { normal, seededRandom } from '../../../engine/random.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'
import type { Device } from '../../../engine/runtime/loaded-model.ts'
import type { Tensor } from '../../../engine/runtime/onnx-runtime.ts'

const random = seededRandom(5)
const numbers = (count: number, scale = 1): Float32Array => Float32Array.from({ length: count }, () => normal(random) * scale)
const graph = buildScoringGraph({
  backbone: efficientNetLite0,
  layers: 'fine',
  size: 64,
  normalisation: 'image',
  projection: { mean: numbers(64), matrix: numbers(64 * 8, 0.1) },
  bank: numbers(150 * 8),
  reweightNeighbours: 5,
  mapSigma: 4
})
const image: Tensor = { type: 'uint8', dims: [2, 80, 70, 3], data: Uint8Array.from({ length: 2 * 80 * 70 * 3 }, () => random() * 256) }

async function scoreOn (device: Device): Promise<Record<string, Tensor>> {
  const session = await openSession(encodeModel(graph), { device })
  const outputs = await session.run({ image })
  await session.close()
  return outputs
}

const cpu = await scoreOn('cpu')
const gpu = await scoreOn('webgpu')
const differences = Object.entries(cpu).map(([name, tensor]): [string, number] => {
  const expected = tensor.data as Float32Array
  const found = gpu[name]?.data as Float32Array
  return [name, expected.reduce((largest, value, index) => Math.max(largest, Math.abs(value - (found[index] ?? NaN)) / Math.abs(value)), 0)]
})
process.stdout.write(JSON.stringify(Object.fromEntries(differences)))
