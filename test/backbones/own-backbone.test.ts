import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { Backbone } from '../../engine/backbones/backbone.ts'
import { buildFeatureGraph, featureGeometry } from '../../engine/detectors/backbone-features/feature-graph.ts'
import { GraphBuilder } from '../../engine/graph/builder.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import type { Graph } from '../../engine/graph/graph.ts'
import { openSession } from '../../engine/runtime/onnx-runtime.ts'

const folder = mkdtempSync(join(tmpdir(), 'goodparts-backbone-'))
afterAll(() => { rmSync(folder, { recursive: true }) })

/** Means over 2 x 2 and over 4 x 4 pixels of each colour, as an integrator's model of operator set 13 could be. */
function ownBackbone (): Backbone {
  const builder = new GraphBuilder('own')
  const half = builder.node('AveragePool', [builder.input('pixels', 'float32', ['N', 3, 'H', 'W'])], { kernel_shape: [2, 2], strides: [2, 2] })
  builder.output('half', half, 'float32', ['N', 3, null, null])
  builder.output('quarter', builder.node('AveragePool', [half], { kernel_shape: [2, 2], strides: [2, 2] }), 'float32', ['N', 3, null, null])
  const graph: Graph = { ...builder.build(), operatorSets: { '': 13 } }
  const path = join(folder, 'own.onnx')
  writeFileSync(path, encodeModel(graph))
  const layer = (tensor: string, stride: number): { tensor: string, stride: number, channels: number } => ({ tensor, stride, channels: 3 })
  return { name: 'own', path, mean: [0, 0, 0], deviation: [1, 1, 1], layerSets: { mine: [layer('half', 2), layer('quarter', 4)] } }
}

it('any ONNX backbone can be given by its path and layer names', async () => {
  const options = { backbone: ownBackbone(), layers: 'mine', size: 8, normalisation: 'backbone' } as const
  expect(featureGeometry(options)).toEqual({ grid: 4, channels: 6 })
  const session = await openSession(encodeModel(buildFeatureGraph(options)))
  const data = Uint8Array.from({ length: 8 * 8 * 3 }, (_, index) => [9, 18, 27][index % 3]!)
  const { features } = await session.run({ image: { type: 'uint8', dims: [1, 8, 8, 3], data } })
  await session.close()
  expect(features?.dims).toEqual([1, 16, 6])
  // Position (1, 1) is inside the half map; every position of the 2 x 2 quarter map is a corner, where four of nine are there.
  const inside = [...(features?.data as Float32Array).subarray(5 * 6, 6 * 6)]
  expect(inside.map((value) => Math.round(value))).toEqual([9, 18, 27, 4, 8, 12])
})
