import { describe, expect, it } from 'vitest'
import { GraphBuilder } from '../../engine/graph/builder.ts'
import { gradient, gradientName } from '../../engine/graph/gradient/gradient.ts'
import { inferShapes } from '../../engine/graph/infer-shapes.ts'
import { ShapedBuilder } from '../../engine/graph/shaped-builder.ts'
import { runGraph } from './golden-file.ts'

describe('a builder that knows shapes', () => {
  it('tells the shape of what was just written, and keeps small weights as weights', async () => {
    const builder = new ShapedBuilder('scaled')
    const x = builder.input('x', 'float32', [2, 3, 4, 4])
    const scale = builder.constant(Float32Array.of(1, 2, 3), [3], 'scale')
    const scaled = builder.node('Mul', [x, builder.reshape(scale, [3, 1, 1])])
    expect(builder.shape(scaled)).toEqual([2, 3, 4, 4])
    expect(builder.shape(builder.node('GlobalAveragePool', [scaled]))).toEqual([2, 3, 1, 1])
    builder.output('y', builder.node('ReduceSum', [scaled], { keepdims: 0 }), 'float32', [])
    const found = await runGraph(gradient(builder.build(), { of: 'y', withRespectTo: [scale] }), { x: { type: 'float32', dims: [2, 3, 4, 4], data: new Float32Array(96).fill(0.5) } })
    expect([...found[gradientName(scale)]!.data]).toEqual([16, 16, 16])
  })

  it('finds names that are free beside those of the graph that it starts from', () => {
    const inner = new GraphBuilder('inner')
    const x = inner.input('x', 'float32', [2, 3])
    inner.output('y', inner.node('Gelu', [inner.node('Mul', [x, inner.node('Erf', [x])])]), 'float32', [2, 3])
    const graph = gradient(inner.build(), { of: 'y', withRespectTo: ['x'] })
    expect(new Set(graph.nodes.map(({ name }) => name)).size).toBe(graph.nodes.length)
  })

  it('works out shapes from shapes', () => {
    const builder = new GraphBuilder('arithmetic')
    const x = builder.input('x', 'float32', ['N', 3, 'H', 'W'])
    const size = builder.node('Slice', [builder.node('Shape', [x]), builder.whole(2), builder.whole(2 ** 31)])
    const twice = builder.node('Concat', [builder.node('Shape', [x], { end: 2 }), builder.node('Mul', [size, builder.whole(2)])], { axis: 0 })
    const resized = builder.node('Resize', [x, '', '', twice])
    const y = builder.node('Reshape', [resized, builder.node('Concat', [builder.whole(0), builder.whole(-1)], { axis: 0 })])
    builder.output('y', y, 'float32', ['N', null])
    const types = inferShapes(builder.build(), { x: [2, 3, 5, 7] })
    expect(types.get(twice)).toEqual({ type: 'int64', shape: [4], numbers: [2, 3, 10, 14] })
    expect(types.get('y')?.shape).toEqual([2, 420])
    expect(() => inferShapes(builder.build())).toThrow(/Expected input x to have sizes in numbers, got \[N, 3, H, W\]/)
  })

  it('refuses what does not fit, and says which node', () => {
    const builder = new ShapedBuilder('wrong')
    const x = builder.input('x', 'float32', [2, 3])
    expect(() => builder.node('Add', [x, builder.constant(new Float32Array(2))])).toThrow(/Expected Add Add to have inputs that broadcast, got \[2, 3\] and \[2\]/)
    expect(() => builder.node('MatMul', [x, x])).toThrow(/matrices that fit/)
    expect(() => builder.node('Reshape', [x, builder.whole(4, -1)])).toThrow(/a shape for 6 numbers, got \[4, -1\]/)
    expect(() => builder.node('Conv', [builder.input('z', 'float32', [1, 4, 5, 5]), builder.constant(new Float32Array(27), [1, 3, 3, 3])])).toThrow(/weights for 4 channels/)
    expect(() => builder.shape(builder.nodes('Unheard', [x], 1)[0]!)).toThrow(/Expected the shape of Unheard:0 to follow from the graph/)
  })
})
