import { expect, it } from 'vitest'
import type { GoodpartsError } from '../../engine/errors.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import { gradient, gradientName } from '../../engine/graph/gradient/gradient.ts'
import type { Attribute, Graph, GraphNode } from '../../engine/graph/graph.ts'
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

async function run (graph: Graph, name = graph.outputs[0]!.name): Promise<number[]> {
  const session = await openSession(encodeModel(graph))
  const outputs = await session.run({ v0: { type: 'float32', dims: [2, 4], data: Float32Array.of(1, 2, 3, 4, -5, 6, 7, 9) } })
  await session.close()
  return [...outputs[name]!.data].map(Number)
}

const axis = (value: number): GraphNode['attributes'] => ({ axis: { kind: 'int', value } })
const axes = (...value: number[]): GraphNode['attributes'] => ({ axes: { kind: 'ints', value }, keepdims: { kind: 'int', value: 1 } })

it.each([
  [11, [{ operator: 'Unsqueeze', attributes: { axes: { kind: 'ints', value: [0] } } }, { operator: 'ReduceMean', attributes: axes(2) }, { operator: 'Squeeze', attributes: { axes: { kind: 'ints', value: [0] } } }]],
  [12, [{ operator: 'ReduceSum', attributes: axes(1) }, { operator: 'Clip', attributes: {} }]],
  [12, [{ operator: 'Split', attributes: { axis: { kind: 'int', value: 1 }, split: { kind: 'ints', value: [1, 3] } }, outputs: ['rest', 'v1'] }]],
  [13, [{ operator: 'Split', attributes: { axis: { kind: 'int', value: 1 } }, outputs: ['rest', 'v1'] }, { operator: 'ReduceL2', attributes: axes(0) }]],
  [17, [{ operator: 'ReduceMax', attributes: axes(1) }]],
  [11, [{ operator: 'Dropout', attributes: { ratio: { kind: 'float', value: 0.25 } } }]],
  ...[11, 12].flatMap((version) => ['Softmax', 'LogSoftmax', 'Hardmax'].flatMap((operator) => [{}, axis(1), axis(0), axis(-2)].map((attributes) => [version, [{ operator, attributes }]]))),
  [11, [{ operator: 'Unsqueeze', attributes: { axes: { kind: 'ints', value: [1] } } }, { operator: 'Softmax', attributes: {} }, { operator: 'Flatten', attributes: {} }]],
  [12, [{ operator: 'Unsqueeze', attributes: { axes: { kind: 'ints', value: [0] } } }, { operator: 'Softmax', attributes: axis(1) }, { operator: 'Squeeze', attributes: { axes: { kind: 'ints', value: [0] } } }]]
] as Array<[number, Parameters<typeof chain>[1]]>)('a graph of operator set %i gives the same under ours', async (version, nodes) => {
  const old = chain(version, nodes)
  const raised = raiseOperatorSet(old)
  expect(raised.operatorSets).toEqual({ '': 18 })
  expect(await run(raised)).toEqual(await run(old))
})

it('a Softmax of an old set that is known to run along the last axis stays one node', () => {
  const old = chain(11, [{ operator: 'Softmax', attributes: {} }, { operator: 'Relu', attributes: {} }])
  expect(raiseOperatorSet(old).nodes.map(({ operator }) => operator)).toEqual(['Softmax', 'Relu'])
  const unknown = { ...old, inputs: [{ name: 'v0', type: 'float32' as const, shape: null }] }
  expect(raiseOperatorSet(unknown).nodes.map(({ operator }) => operator)).toEqual(['Flatten', 'Softmax', 'Shape', 'Reshape', 'Relu'])
})

it('the gradient goes through a Softmax that flattens', async () => {
  const old = chain(12, [{ operator: 'Unsqueeze', attributes: { axes: { kind: 'ints', value: [0] } } }, { operator: 'Softmax', attributes: {} }])
  const found = gradient(old, { of: 'v2', withRespectTo: ['v0'] })
  // Probabilities add up to 1, whatever moves.
  for (const slope of await run(found, gradientName('v0'))) expect(slope).toBeCloseTo(0, 6)
})

/** An `If` whose branches are chains of their own, and take `v0` from around them. */
function choice (version: number, nodes: Parameters<typeof chain>[1]): Graph {
  const branch: Attribute = { kind: 'graph', value: { ...chain(version, nodes), name: 'branch', operatorSets: {}, inputs: [] } }
  const outer = chain(version, [{ operator: 'If', attributes: { then_branch: branch, else_branch: branch } }])
  const condition = { type: 'bool' as const, dims: [], bytes: Uint8Array.of(1) }
  return { ...outer, constants: new Map([['condition', condition]]), nodes: outer.nodes.map((node) => ({ ...node, inputs: ['condition'], outputs: ['chosen'] })), outputs: [{ name: 'chosen', type: 'float32', shape: null }] }
}

it.each([
  [17, [{ operator: 'ReduceMean', attributes: axes(1) }]],
  [11, [{ operator: 'Softmax', attributes: {} }, { operator: 'ReduceSum', attributes: axes(0) }]],
  [11, [{ operator: 'Softmax', attributes: axis(0) }]]
] as Array<[number, Parameters<typeof chain>[1]]>)('the branches of an If of operator set %i are raised with it', async (version, nodes) => {
  const old = choice(version, nodes)
  expect(await run(raiseOperatorSet(old))).toEqual(await run(old))
})

it('an operator in a branch that 18 has not is refused, also for who replaces it around', () => {
  const graph = choice(20, [{ operator: 'Gelu', attributes: {} }])
  for (const replaced of [[], ['Gelu']]) expect(() => raiseOperatorSet(graph, replaced)).toThrow('got Gelu of operator set 20 at node n0')
})

it('what cannot be kept is refused with the way out', () => {
  expect(() => raiseOperatorSet(chain(9, []))).toThrow(/Expected graph old to use operator set 11 or later, got 9/)
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
  // Distribution function + x · density of the normal distribution.
  const slopes = [1.083316, 1.085232, 1.011946, 1.000504, -0.000007, 1, 1, 1]
  const given = await run(found, gradientName('v0'))
  slopes.forEach((slope, index) => expect(given[index]).toBeCloseTo(slope, 5))
})
