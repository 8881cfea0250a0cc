import { expect, it } from 'vitest'
import { GraphBuilder, float } from '../../engine/graph/builder.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import { gradient, gradientName, type GradientRequest } from '../../engine/graph/gradient/gradient.ts'
import type { Graph, Value } from '../../engine/graph/graph.ts'
import { runGraph } from './golden-file.ts'

/** Bytes of a picture, scaled; a value that only steps depend on; an operator nobody has a rule for; a function of the scaled picture. */
function graphOfLimits (): Graph {
  const builder = new GraphBuilder('limits')
  const picture = builder.input('picture', 'uint8', [1, 2, 2])
  const weight = builder.input('weight', 'float32', [])
  const real = builder.node('Cast', [picture], { to: 1 })
  const scaled = builder.node('Mul', [real, weight])
  builder.output('scaled', scaled, 'float32', [1, 2, 2])
  builder.output('steps', builder.node('Floor', [scaled]), 'float32', [1, 2, 2])
  builder.output('hard', builder.node('Hardmax', [scaled], { axis: 1 }), 'float32', [1, 2, 2])
  builder.output('own', builder.nodes('Own', [scaled], 1, { domain: 'example.org' })[0]!, 'float32', [1, 2, 2])
  builder.output('shrunk', builder.node('Shrink', [scaled], { lambd: float(0.1) }), 'float32', [1, 2, 2])
  return builder.build()
}

function refusal (request: GradientRequest): GoodpartsError {
  try {
    gradient(graphOfLimits(), request)
  } catch (error) {
    if (error instanceof GoodpartsError) return error
  }
  throw new Error('not refused')
}

it('stops at bytes', () => {
  const { message, fix } = refusal({ of: 'scaled', withRespectTo: ['picture'] })
  expect(message).toBe('Expected picture to hold real numbers, got uint8')
  expect(fix).toMatch(/what a Cast makes of it/)
  expect(refusal({ of: 'weight', withRespectTo: ['scaled'] }).message).toBe('Expected weight to depend on scaled through real numbers, got no such way')
})

it('names the operator and the node for which there is no rule, and what to do', () => {
  const { message, fix, code } = refusal({ of: 'shrunk', withRespectTo: ['weight'] })
  expect(code).toBe('GOODPARTS_GRAPH_INVALID')
  expect(message).toBe('Expected every operator on the way to have a gradient rule, got Shrink at node Shrink')
  expect(fix).toMatch(/before that node/)
  expect(refusal({ of: 'own', withRespectTo: ['weight'] }).message).toMatch(/got example\.org\.Own at node Own/)
})

it('says so when a value is not in the graph', () => {
  expect(refusal({ of: 'scaled', withRespectTo: ['nothing'] }).message).toMatch(/nothing/)
  expect(refusal({ of: 'nothing', withRespectTo: ['weight'] }).message).toMatch(/nothing/)
})

it.each([
  ['square root', (builder: GraphBuilder, squares: Value) => builder.node('Sqrt', [squares])],
  ['power of a half', (builder: GraphBuilder, squares: Value) => builder.node('Pow', [squares, builder.scalar(0.5)])]
])('lets no distance of nothing take the gradients of the others with it, by the %s', async (_name, rootOf) => {
  const builder = new GraphBuilder('distances')
  const x = builder.input('x', 'float32', [3])
  builder.output('y', builder.node('ReduceMax', [rootOf(builder, builder.node('Mul', [x, x]))], { keepdims: 0 }), 'float32', [])
  const feeds = { x: { type: 'float32' as const, dims: [3], data: Float32Array.of(0, 2, -3) } }
  const { [gradientName('x')]: found } = await runGraph(gradient(builder.build(), { of: 'y', withRespectTo: ['x'] }), feeds)
  expect([...found!.data]).toEqual([0, 0, -1])
})

it('gives zero where only steps lead, and one graph for several values', async () => {
  const builder = new GraphBuilder('steps')
  const x = builder.input('x', 'float32', [3])
  const half = builder.node('Mul', [x, builder.scalar(0.5)])
  builder.output('y', builder.node('Floor', [half]), 'float32', [3])
  builder.output('z', builder.node('Add', [builder.node('Floor', [half]), x]), 'float32', [3])
  const feeds = { x: { type: 'float32' as const, dims: [3], data: Float32Array.of(1, 2, 3) } }
  const flat = await runGraph(gradient(builder.build(), { of: 'y', withRespectTo: ['x', half] }), feeds)
  expect([...flat[gradientName('x')]!.data, ...flat[gradientName(half)]!.data]).toEqual([0, 0, 0, 0, 0, 0])
  const straight = await runGraph(gradient(builder.build(), { of: 'z', withRespectTo: ['x'] }), feeds)
  expect([...straight[gradientName('x')]!.data]).toEqual([1, 1, 1])
})

it('is what arrives, for a value with respect to itself', async () => {
  const builder = new GraphBuilder('itself')
  const x = builder.input('x', 'float32', [2])
  builder.output('y', builder.node('Identity', [x]), 'float32', [2])
  const graph = gradient(builder.build(), { of: 'y', withRespectTo: ['y', 'x'], upstream: 'weights' })
  const weights = { type: 'float32' as const, dims: [2], data: Float32Array.of(3, -4) }
  const found = await runGraph(graph, { x: { ...weights }, weights })
  expect([...found[gradientName('y')]!.data]).toEqual([3, -4])
  expect([...found[gradientName('x')]!.data]).toEqual([3, -4])
})

it('refuses a Dropout that drops', () => {
  const builder = new GraphBuilder('dropped')
  const training = builder.node('Cast', [builder.scalar(1)], { to: 9 })
  builder.output('y', builder.node('Dropout', [builder.input('x', 'float32', [4]), builder.scalar(0.5), training]), 'float32', [4])
  expect(() => gradient(builder.build(), { of: 'y', withRespectTo: ['x'] })).toThrow(/Expected Dropout Dropout to have its training mode off .* got training mode/)
})

it('of a product is the product of the other factors, zeros among them too', async () => {
  const builder = new GraphBuilder('product')
  builder.output('y', builder.node('ReduceProd', [builder.input('x', 'float32', [3, 3]), builder.whole(1)]), 'float32', [3, 1])
  const found = await runGraph(gradient(builder.build(), { of: 'y', withRespectTo: ['x'] }), { x: { type: 'float32', dims: [3, 3], data: Float32Array.of(2, 0, 3, 0, 0, 1, 1, -2, 4) } })
  expect([...found[gradientName('x')]!.data].map((value) => Number(value) + 0)).toEqual([0, 6, 0, 0, 0, 0, -8, 4, -2])
})

it.each([[[0], [0, 0]], [[0.5, 3], [0, 12]], [[-1, 2], [-Infinity, 4]]])('of powers %j of 0 and 2 is where it has an end', async (powers, expected) => {
  const builder = new GraphBuilder('powers')
  const [x, exponents] = [builder.input('x', 'float32', [2]), builder.input('exponents', 'float32', [powers.length])]
  builder.output('y', builder.node('ReduceSum', [builder.node('Pow', [x, exponents]), builder.whole(0)], { keepdims: 0 }), 'float32', [])
  const found = await runGraph(gradient(builder.build(), { of: 'y', withRespectTo: ['x'] }), { x: { type: 'float32', dims: [2], data: Float32Array.of(0, 2) }, exponents: { type: 'float32', dims: [powers.length], data: Float32Array.from(powers) } })
  expect([...found[gradientName('x')]!.data].map((value) => Number(value) + 0)).toEqual(expected)
})
