import { describe, expect, test } from 'vitest'
import { candidateLayers, spatialLayers } from '../../engine/explain/model/spatial-layers.ts'
import { GraphBuilder } from '../../engine/graph/builder.ts'
import type { Graph, Value } from '../../engine/graph/graph.ts'

/** Sizes of values, kept while a graph is built. */
const shapes = new Map<Value, readonly number[]>()

function convolve (builder: GraphBuilder, input: Value, channels: number, size: number, stride = 1): Value {
  const value = builder.node('Conv', [input, builder.constant(new Float32Array(channels), [channels, 1, 1, 1], 'w')], { strides: [stride, stride] })
  shapes.set(value, [1, channels, size, size])
  return value
}

function same (value: Value, like: Value): Value {
  shapes.set(value, shapes.get(like)!)
  return value
}

/** As in VGG: two convolutions, then a pool that halves, five times over. */
function pooledNet (stages: number): { graph: Graph, ends: Value[], pools: Value[] } {
  shapes.clear()
  const builder = new GraphBuilder('pooled')
  let [value, size]: [Value, number] = [builder.input('image', 'float32', [1, 3, 64, 64]), 64]
  const [ends, pools]: [Value[], Value[]] = [[], []]
  for (let stage = 0; stage < stages; stage++) {
    for (let turn = 0; turn < 2; turn++) {
      const convolved = convolve(builder, value, 8, size)
      value = same(builder.node('Relu', [convolved]), convolved)
    }
    ends.push(value)
    size /= 2
    value = builder.node('MaxPool', [value], { kernel_shape: [2, 2], strides: [2, 2] })
    shapes.set(value, [1, 8, size, size])
    pools.push(value)
  }
  builder.output('logits', value, 'float32', [1, 8, size, size])
  return { graph: builder.build(), ends, pools }
}

/** A residual block: two convolutions, the first with the stride, and a way around them. */
function residual (builder: GraphBuilder, input: Value, channels: number, size: number, stride: number): Value {
  const inner = same(builder.node('Relu', [convolve(builder, input, channels, size, stride)]), input)
  shapes.set(inner, [1, channels, size, size])
  const branch = convolve(builder, inner, channels, size)
  const around = stride === 1 ? input : convolve(builder, input, channels, size, stride)
  return same(builder.node('Relu', [same(builder.node('Add', [branch, around]), branch)]), branch)
}

function residualNet (): { graph: Graph, ends: Value[] } {
  shapes.clear()
  const builder = new GraphBuilder('residual')
  const image = builder.input('image', 'float32', [1, 3, 64, 64])
  const stem = same(builder.node('Relu', [convolve(builder, image, 8, 32, 2)]), '')
  shapes.set(stem, [1, 8, 32, 32])
  const pooled = builder.node('MaxPool', [stem], { kernel_shape: [2, 2], strides: [2, 2] })
  shapes.set(pooled, [1, 8, 16, 16])
  const first = residual(builder, residual(builder, pooled, 8, 16, 1), 8, 16, 1)
  const second = residual(builder, residual(builder, first, 16, 8, 2), 16, 8, 1)
  const average = builder.node('GlobalAveragePool', [second])
  shapes.set(average, [1, 16, 1, 1])
  builder.output('classes', builder.node('Flatten', [average]), 'float32', [1, 16])
  return { graph: builder.build(), ends: [stem, first, second] }
}

/** A trunk, and a coarser branch from it. */
function twoScales (): { builder: GraphBuilder, trunk: Value, coarse: Value } {
  const builder = new GraphBuilder('two scales')
  const trunk = convolve(builder, builder.input('image', 'float32', [1, 3, 64, 64]), 8, 32, 2)
  return { builder, trunk, coarse: convolve(builder, trunk, 8, 8, 4) }
}

describe('layers for explanation', () => {
  test('of a residual network are the stem and the ends of its stages, not the insides of blocks', () => {
    const { graph, ends } = residualNet()

    const layers = spatialLayers(graph, 'classes', shapes)

    expect(layers.map(({ value }) => value)).toEqual(ends)
    expect(layers.map(({ channels, height, width }) => [channels, height, width])).toEqual([[8, 32, 32], [8, 16, 16], [16, 8, 8]])
  })

  test('leave out what the target does not need', () => {
    shapes.clear()
    const builder = new GraphBuilder('two heads')
    const trunk = convolve(builder, builder.input('image', 'float32', [1, 3, 64, 64]), 8, 32, 2)
    const other = convolve(builder, trunk, 8, 8, 4)
    builder.output('score', builder.node('ReduceMax', [trunk]), 'float32', [1])
    builder.output('other', other, 'float32', [1, 8, 8, 8])

    const graph = builder.build()

    expect(candidateLayers(graph, 'score')).not.toContain(other)
    expect(spatialLayers(graph, 'score', shapes).map(({ value }) => value)).toEqual([trunk])
  })

  test('of several scales end where these meet, not at the coarsest of them', () => {
    shapes.clear()
    const { builder, trunk, coarse } = twoScales()
    const enlarged = same(builder.node('Resize', [coarse, '', builder.constant(Float32Array.of(1, 1, 4, 4), [4], 'scales')]), trunk)
    const features = builder.node('Concat', [trunk, enlarged], { axis: 1 })
    shapes.set(features, [1, 16, 32, 32])
    builder.output('classes', builder.node('Flatten', [builder.node('GlobalAveragePool', [features])]), 'float32', [1, 16])

    expect(spatialLayers(builder.build(), 'classes', shapes).map(({ value }) => value)).toEqual([features])
  })

  test('are features: neither the maps of scores behind them nor a picture', () => {
    shapes.clear()
    const { builder, trunk, coarse } = twoScales()
    const [segmentation, classification] = [convolve(builder, trunk, 1, 32), convolve(builder, coarse, 1, 8)]
    const highest = [segmentation, classification].map((value) => builder.node('ReduceMax', [value, builder.whole(1, 2, 3)], { keepdims: 0 }))
    builder.output('score', builder.node('Add', highest), 'float32', [1])

    expect(spatialLayers(builder.build(), 'score', shapes).map(({ value }) => value)).toEqual([trunk])
  })

  test('are those on the way to the coarsest map where what is compared meets only behind them', () => {
    shapes.clear()
    const builder = new GraphBuilder('two networks')
    const image = builder.input('image', 'float32', [1, 3, 64, 64])
    const first = convolve(builder, convolve(builder, image, 8, 32, 2), 8, 16, 2)
    const second = convolve(builder, image, 8, 32, 2)
    const scores = [first, second].map((value) => builder.node('ReduceMax', [value, builder.whole(1, 2, 3)], { keepdims: 0 }))
    builder.output('score', builder.node('Add', scores), 'float32', [1])

    expect(spatialLayers(builder.build(), 'score', shapes).at(-1)).toMatchObject({ value: first })
  })

  test('do not exist in a graph without convolutions', () => {
    const builder = new GraphBuilder('plain')
    builder.output('score', builder.node('ReduceMax', [builder.input('image', 'float32', [1, 3, 64, 64])]), 'float32', [1])

    expect(() => spatialLayers(builder.build(), 'score', new Map())).toThrow(expect.objectContaining({ code: 'GOODPARTS_EXPLANATION_FAILED' }))
  })
})

test('what pools read are the layers of a network that ends in a pool, and the last of them is Grad-CAM\'s', () => {
  const { graph, ends, pools } = pooledNet(5)
  expect(spatialLayers(graph, pools.at(-1)!, shapes).map(({ value }) => value)).toEqual(ends)
})
