import { describe, expect, it } from 'vitest'
import { GoodpartsError } from '../../engine/errors.ts'
import { constantTensor, floatsOf } from '../../engine/graph/constant-tensor.ts'
import { cutAt, renameValues } from '../../engine/graph/edit.ts'
import { decodeModel } from '../../engine/graph/decode.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import { foldBatchNorm } from '../../engine/graph/fold-batch-norm.ts'
import { float, GraphBuilder, operatorSet } from '../../engine/graph/builder.ts'
import type { Graph } from '../../engine/graph/graph.ts'
import { readMetadata, withMetadata } from '../../engine/graph/metadata.ts'
import { normal, seededRandom } from '../../engine/random.ts'
import { openSession } from '../../engine/runtime/onnx-runtime.ts'
import type { Tensor } from '../../engine/runtime/onnx-runtime.ts'

const random = seededRandom(7)
const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, () => normal(random))

async function run (graph: Graph, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  const session = await openSession(encodeModel(graph))
  try {
    return await session.run(feeds)
  } finally {
    await session.close()
  }
}

/** Every kind of attribute, an absent input, a free size, a control-flow body that reads a value around it. */
function variousGraph (): Graph {
  const builder = new GraphBuilder('various')
  const x = builder.input('x', 'float32', ['N', 3])
  const body: Graph = {
    name: 'body',
    operatorSets: {},
    inputs: [],
    outputs: [{ name: 'inside', type: 'float32', shape: ['N', 3] }],
    constants: new Map(),
    nodes: [{ name: 'n', operator: 'LeakyRelu', domain: '', inputs: [x], outputs: ['inside'], attributes: { alpha: float(0) } }],
    values: [],
    functions: []
  }
  const other: Graph = { ...body, nodes: [{ name: 'n', operator: 'Neg', domain: '', inputs: [x], outputs: ['inside'], attributes: {} }] }
  const yes = builder.node('Constant', [], { value: { kind: 'tensor', value: { type: 'bool', dims: [], bytes: Uint8Array.of(1) } } })
  const chosen = builder.node('If', [yes], { then_branch: { kind: 'graph', value: body }, else_branch: { kind: 'graph', value: other } })
  const clipped = builder.node('Clip', [chosen, '', builder.scalar(0.5)])
  builder.output('y', clipped, 'float32', ['N', 3])
  return builder.build()
}

describe('a model file', () => {
  it('comes back as it was written, and runs', async () => {
    const graph = variousGraph()
    const bytes = encodeModel(graph)
    expect(decodeModel(bytes)).toEqual(graph)
    expect(encodeModel(decodeModel(bytes))).toEqual(bytes)
    const { y } = await run(graph, { x: { type: 'float32', dims: [2, 3], data: Float32Array.of(-1, 0.25, 2, 0.5, -3, 1) } })
    expect(y).toEqual({ type: 'float32', dims: [2, 3], data: Float32Array.of(-0, 0.25, 0.5, 0.5, -0, 0.5) })
  })

  it('is the same where it names its operator set ai.onnx', () => {
    const builder = new GraphBuilder('named')
    builder.output('y', builder.node('Neg', [builder.input('x', 'float32', [1])]), 'float32', [1])
    const graph = builder.build()
    const named = encodeModel({ ...graph, operatorSets: { 'ai.onnx': operatorSet }, nodes: graph.nodes.map((node) => ({ ...node, domain: 'ai.onnx' })) })
    expect(named).not.toEqual(encodeModel(graph))
    expect(decodeModel(named)).toEqual(graph)
  })

  it('keeps whole numbers beyond 53 bits', () => {
    const builder = new GraphBuilder('wide')
    builder.output('y', builder.node('Constant', [], { value_ints: { kind: 'ints', value: [2n ** 63n - 1n, -(2n ** 62n) - 1n, -1] } }), 'int64', [3])
    expect(decodeModel(encodeModel(builder.build())).nodes[0]?.attributes['value_ints']).toEqual({ kind: 'ints', value: [2n ** 63n - 1n, -(2n ** 62n) - 1n, -1] })
  })

  it('keeps every other byte when its metadata are replaced', () => {
    const plain = encodeModel(variousGraph())
    const first = withMetadata(plain, { family: 'patch-memory', text: 'ü 한 \n' })
    expect(readMetadata(first)).toEqual({ family: 'patch-memory', text: 'ü 한 \n' })
    expect(withMetadata(first, {})).toEqual(plain)
    expect(encodeModel(variousGraph(), { metadata: { a: 'b' } })).toEqual(withMetadata(first, { a: 'b' }))
  })

  it('is refused when it is garbage, cut short, or not a graph', () => {
    const good = encodeModel(variousGraph())
    const noise = Uint8Array.from({ length: 500 }, () => random() * 256)
    const wrong = [noise, new Uint8Array(), Buffer.from('{"not": "onnx"}'), good.subarray(0, good.length - 40), Buffer.from('\x89PNG\r\n\x1a\n')]
    for (const bytes of wrong) {
      expect(() => decodeModel(bytes)).toThrow(expect.objectContaining({ code: 'GOODPARTS_GRAPH_INVALID' }) as GoodpartsError)
    }
    for (let position = 0; position < good.length; position++) {
      const changed = Uint8Array.from(good)
      changed[position] = (changed[position] as number) ^ 0x55
      try {
        decodeModel(changed)
      } catch (error) {
        expect(error).toBeInstanceOf(GoodpartsError)
      }
    }
  })
})

describe('edits', () => {
  function normalised (): { graph: Graph, feeds: Record<string, Tensor> } {
    const builder = new GraphBuilder('normalised')
    const x = builder.input('x', 'float32', ['N', 4, 'H', 'W'])
    const convolved = builder.node('Conv', [x, builder.constant(numbers(6 * 2 * 9), [6, 2, 3, 3])], { group: 2, pads: [1, 1, 1, 1] })
    const variance = numbers(6).map((value) => value * value + 0.1)
    const norm = [numbers(6), numbers(6), numbers(6), variance].map((values) => builder.constant(values))
    const y = builder.node('BatchNormalization', [convolved, ...norm], { epsilon: float(1e-3) })
    builder.output('y', builder.node('Relu', [y]), 'float32', ['N', 6, 'H', 'W'])
    builder.output('unused', builder.node('Exp', [x]), 'float32', ['N', 4, 'H', 'W'])
    return { graph: builder.build(), feeds: { x: { type: 'float32', dims: [1, 4, 5, 5], data: numbers(100) } } }
  }

  it('fold batch normalisation without changing the result', async () => {
    const { graph, feeds } = normalised()
    const folded = foldBatchNorm(graph)
    expect(folded.nodes.map((node) => node.operator)).toEqual(['Conv', 'Relu', 'Identity', 'Exp', 'Identity'])
    const before = (await run(graph, feeds))['y'] as Tensor
    const after = (await run(folded, feeds))['y'] as Tensor
    after.data.forEach((value, index) => expect(value).toBeCloseTo(Number(before.data[index]), 5))
  })

  it('cut at outputs, leaving what they do not need', async () => {
    const { graph, feeds } = normalised()
    const convolution = graph.nodes[0]?.outputs[0] as string
    const cut = cutAt(graph, [convolution])
    expect(cut.nodes).toHaveLength(1)
    expect(cut.constants.size).toBe(1)
    expect(Object.keys(await run(cut, feeds))).toEqual([convolution])
    expect(() => cutAt(graph, ['nothing'])).toThrow(/Expected graph normalised to have a value nothing/)
  })

  it('put one graph twice into another', async () => {
    const inner = variousGraph()
    const builder = new GraphBuilder('outer')
    const x = builder.input('x', 'float32', ['N', 3])
    const once = builder.include(inner, 'first', { x })['y'] as string
    const twice = builder.include(inner, 'second', { x: builder.node('Neg', [once]) })['y'] as string
    builder.output('y', twice, 'float32', ['N', 3])
    const { y } = await run(builder.build(), { x: { type: 'float32', dims: [1, 3], data: Float32Array.of(-1, 0.25, 2) } })
    expect([...(y as Tensor).data].map((value) => Number(value) + 0)).toEqual([0, 0, 0])
  })

  it('rename values and keep the result', async () => {
    const { graph, feeds } = normalised()
    const renamed = renameValues(graph, (value) => value === 'x' ? 'x' : `r/${value}`)
    expect((await run(renamed, feeds))['r/y']).toEqual((await run(graph, feeds))['y'])
  })
})

describe('a builder', () => {
  it('refuses a graph that reads what nobody wrote, or a shape that does not fit', () => {
    const builder = new GraphBuilder('broken')
    builder.output('y', builder.node('Relu', ['nowhere']), 'float32', [1])
    expect(() => builder.build()).toThrow(/Expected value nowhere to be written before Relu/)
    expect(() => builder.constant(Float32Array.of(1, 2, 3), [2, 2])).toThrow(/Expected 4 numbers .* got 3/)
    expect(() => builder.input('y', 'float32', [1])).toThrow(/Expected a new name in graph broken, got y again/)
  })
})

describe('a constant', () => {
  it('gives its numbers back, at any alignment', () => {
    const tensor = constantTensor(Float32Array.of(1, -2.5), [1, 2])
    const shifted = Buffer.concat([Buffer.of(0), tensor.bytes]).subarray(1)
    expect(floatsOf({ ...tensor, bytes: shifted })).toEqual(Float32Array.of(1, -2.5))
    expect(() => floatsOf(constantTensor(Int32Array.of(1)))).toThrow(/Expected a float32 constant, got int32/)
  })
})
