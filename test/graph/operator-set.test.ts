import { expect, it } from 'vitest'
import type { GoodpartsError } from '../../engine/errors.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import { gradient, gradientName } from '../../engine/graph/gradient/gradient.ts'
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

const groups: GraphNode['attributes'] = { num_groups: { kind: 'int', value: 2 } }

it.each([['Gelu', 20, {}], ['GroupNormalization', 21, groups], ['GridSample', 22, {}]])('%s of operator set %i, which 18 has not, is refused by its name, and taken by who replaces it', (operator, version, attributes) => {
  const graph = chain(version, [{ operator: 'Relu', attributes: {} }, { operator, attributes }])
  expect(() => raiseOperatorSet(graph)).toThrow(expect.objectContaining({
    message: `Expected operators as they are in operator set 18, got ${operator} of operator set ${version} at node n1`,
    fix: 'Export the model again with operator set 18.'
  }) as GoodpartsError)
  expect(raiseOperatorSet(graph, [operator]).operatorSets).toEqual({ '': 18 })
})

it('a GroupNormalization that came before operator set 21 is the same in 18, and what did not change is taken from any newer set', () => {
  expect(raiseOperatorSet(chain(20, [{ operator: 'GroupNormalization', attributes: groups }, { operator: 'Relu', attributes: {} }])).operatorSets).toEqual({ '': 18 })
})

it('the gradient goes through a Gelu of operator set 20', async () => {
  const found = gradient(chain(20, [{ operator: 'Gelu', attributes: {} }]), { of: 'v1', withRespectTo: ['v0'] })
  const session = await openSession(encodeModel(found))
  const outputs = await session.run({ v0: { type: 'float32', dims: [2, 4], data: new Float32Array(8) } })
  await session.close()
  // The normal distribution function at 0.
  expect([...outputs[gradientName('v0')]!.data]).toEqual(new Array(8).fill(0.5))
})
