import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { operatorSet } from '../../engine/graph/builder.ts'
import { decodeModel } from '../../engine/graph/decode.ts'
import { gradient } from '../../engine/graph/gradient/gradient.ts'
import type { Graph } from '../../engine/graph/graph.ts'
import { inferShapes } from '../../engine/graph/infer-shapes.ts'
import { raiseOperatorSet } from '../../engine/graph/operator-set.ts'
import type { Tensor } from '../../engine/runtime/onnx-runtime.ts'
import { readGolden, runGraph } from './golden-file.ts'

/** Every value that a node writes as an output, so that the runtime tells its shape. */
function everything (graph: Graph): Graph {
  const named = new Set(graph.outputs.map(({ name }) => name))
  const written = graph.nodes.flatMap((node) => node.outputs).filter((name) => name !== '' && !named.has(name))
  return { ...graph, outputs: [...graph.outputs, ...written.map((name) => ({ name, type: null, shape: null }))] }
}

async function compare (model: Graph, feeds: Record<string, Tensor>): Promise<number> {
  // Of sets newer than the house's the runtime knows what is differentiated only in parts.
  const graph = everything((model.operatorSets[''] ?? 0) > operatorSet ? model : raiseOperatorSet(model))
  const types = inferShapes(graph, Object.fromEntries(Object.entries(feeds).map(([name, { dims }]) => [name, dims])))
  const found = await runGraph(graph, feeds)
  for (const [name, { type, dims }] of Object.entries(found)) {
    expect({ name, type: types.get(name)?.type, shape: types.get(name)?.shape }).toEqual({ name, type, shape: dims })
    const numbers = types.get(name)?.numbers ?? null
    if (numbers !== null) numbers.forEach((value, index) => expect(value, name).toBeCloseTo(Number(found[name]!.data[index]), 5))
  }
  return Object.keys(found).length
}

describe('shapes and small numbers are those that ONNX Runtime finds', () => {
  // Values in double precision are behind what the runtime's face reads.
  it.each(readGolden('operators.bin').filter(({ name }) => name !== 'Cast'))('$name, forward and back', async ({ model, inputs, upstream, gradients }) => {
    const graph = decodeModel(model)
    expect(await compare(graph, inputs)).toBeGreaterThan(0)
    await compare(gradient(graph, { of: 'y', withRespectTo: Object.keys(gradients), upstream: 'upstream' }), { ...inputs, ...upstream })
  })

  it.each(readGolden('foreign.bin'))('$name', async ({ name, inputs }) => {
    expect(await compare(decodeModel(new Uint8Array(readFileSync(new URL(`./fixtures/${name}.onnx`, import.meta.url)))), inputs)).toBeGreaterThan(15)
  })

  it.each(readGolden('networks.bin'))('a whole network, there and back, with $name', async ({ model, inputs, gradients }) => {
    expect(await compare(gradient(decodeModel(model), { of: 'loss', withRespectTo: Object.keys(gradients) }), inputs)).toBeGreaterThan(300)
  })
})
