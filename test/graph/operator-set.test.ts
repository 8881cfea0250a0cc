import { expect, it } from 'vitest'
import { encodeModel } from '../../engine/graph/encode.ts'
import type { Graph, GraphNode } from '../../engine/graph/graph.ts'
import { raiseOperatorSet } from '../../engine/graph/operator-set.ts'
import { openSession } from '../../engine/runtime/onnx-runtime.ts'

/** A chain of one-input nodes as operator set `version` writes them. */
function chain (version: number, nodes: Array<Pick<GraphNode, 'operator' | 'attributes'> & { outputs?: string[] }>): Graph {
  return {
    name: 'old',
    operatorSets: { '': version },
    inputs: [{ name: 'v0', type: 'float32', shape: [2, 4] }],
    outputs: [{ name: `v${nodes.length}`, type: null, shape: null }],
    constants: new Map(),
    nodes: nodes.map(({ outputs, ...node }, index) => ({ name: `n${index}`, domain: '', inputs: [`v${index}`], outputs: outputs ?? [`v${index + 1}`], ...node })),
    values: [],
    functions: []
  }
}

async function run (graph: Graph): Promise<number[]> {
  const session = await openSession(encodeModel(graph))
  const outputs = await session.run({ v0: { type: 'float32', dims: [2, 4], data: Float32Array.of(1, 2, 3, 4, -5, 6, 7, 9) } })
  await session.close()
  return [...Object.values(outputs)[0]!.data].map(Number)
}

const axes = (...value: number[]): GraphNode['attributes'] => ({ axes: { kind: 'ints', value }, keepdims: { kind: 'int', value: 1 } })

it.each([
  [11, [{ operator: 'Unsqueeze', attributes: { axes: { kind: 'ints', value: [0] } } }, { operator: 'ReduceMean', attributes: axes(2) }, { operator: 'Squeeze', attributes: { axes: { kind: 'ints', value: [0] } } }]],
  [12, [{ operator: 'ReduceSum', attributes: axes(1) }, { operator: 'Clip', attributes: {} }]],
  [12, [{ operator: 'Split', attributes: { axis: { kind: 'int', value: 1 }, split: { kind: 'ints', value: [1, 3] } }, outputs: ['rest', 'v1'] }]],
  [13, [{ operator: 'Split', attributes: { axis: { kind: 'int', value: 1 } }, outputs: ['rest', 'v1'] }, { operator: 'ReduceL2', attributes: axes(0) }]],
  [17, [{ operator: 'ReduceMax', attributes: axes(1) }]]
] as Array<[number, Parameters<typeof chain>[1]]>)('a graph of operator set %i gives the same under ours', async (version, nodes) => {
  const old = chain(version, nodes)
  const raised = raiseOperatorSet(old)
  expect(raised.operatorSets).toEqual({ '': 18 })
  expect(await run(raised)).toEqual(await run(old))
})

it('what cannot be kept is refused with the way out', () => {
  expect(() => raiseOperatorSet(chain(9, []))).toThrow(/Expected graph old to use operator set 11 or later, got 9/)
  expect(() => raiseOperatorSet(chain(11, [{ operator: 'Softmax', attributes: {} }]))).toThrow(/along the last axis/)
})
