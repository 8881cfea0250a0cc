/** The gradient of Resize: along each axis the result is a matrix times the input, so the way back is the transposed matrix. */
import { constantTensor } from '../constant-tensor.ts'
import type { Value } from '../graph.ts'
import type { NodeView } from '../node-view.ts'
import type { ShapedBuilder } from '../shaped-builder.ts'
import { growthOf } from '../shapes/layout.ts'
import type { GradientRules } from './rule.ts'

export const resizeGradients: GradientRules = {
  Resize: ({ builder, view, g }) => [() => view.shape(0).reduce((value, size, axis) => {
    const to = builder.shape(g)[axis] as number
    return size === to ? value : backAlong(builder, value, { axis, size, weights: weightsOf(view, axis, size, to) })
  }, g)]
}

/** One entry per place of the result: pairs of a place of the input and its weight. */
type Weights = ReadonlyArray<ReadonlyArray<readonly [place: number, weight: number]>>

function backAlong (builder: ShapedBuilder, value: Value, { axis, size, weights }: { axis: number, size: number, weights: Weights }): Value {
  const shape = builder.shape(value)
  const factor = weights.length / size
  if (Number.isInteger(factor) && weights.every((row, index) => row.length === 1 && row[0]?.[0] === Math.floor(index / factor))) {
    const split = builder.reshape(value, shape.flatMap((each, index) => index === axis ? [size, factor] : [each]))
    return builder.node('ReduceSum', [split, builder.whole(axis + 1)], { keepdims: 0 })
  }
  const matrix = new Float32Array(size * weights.length)
  weights.forEach((row, index) => {
    for (const [place, weight] of row) matrix[place * weights.length + index] = (matrix[place * weights.length + index] as number) + weight
  })
  const transposed = builder.tensor(constantTensor(matrix, [size, weights.length]), 'interpolation')
  const last = shape.length - 1
  if (axis === last - 1) return builder.node('MatMul', [transposed, value])
  const toEnd = shape.map((_, index) => index === axis ? last : index === last ? axis : index)
  const product = builder.node('MatMul', [builder.transpose(value, toEnd), builder.transpose(transposed, [1, 0])])
  return builder.transpose(product, toEnd)
}

/** The interpolation along one axis, as the ONNX specification defines it. */
function weightsOf (view: NodeView, axis: number, size: number, to: number): Weights {
  const mode = view.text('mode', 'nearest')
  const place = coordinates(view, axis, size, to)
  const clamp = (index: number): number => Math.min(Math.max(index, 0), size - 1)
  if (view.whole('antialias', 0) === 1 && to < size) throw view.invalid('no anti-aliasing, which has no gradient rule', 'antialias 1')
  return Array.from({ length: to }, (_, index) => {
    const x = place(index)
    if (mode === 'nearest') return [[clamp(nearest(view.text('nearest_mode', 'round_prefer_floor'), x)), 1]]
    const floor = Math.floor(x)
    const part = x - floor
    if (mode === 'linear') return [[clamp(floor), 1 - part], [clamp(floor + 1), part]]
    const taps = cubic(view.float('cubic_coeff_a', -0.75), part).map((weight, tap): [number, number] => [floor - 1 + tap, weight])
    if (view.whole('exclude_outside', 0) === 0) return taps.map(([tap, weight]): [number, number] => [clamp(tap), weight])
    const inside = taps.filter(([tap]) => tap >= 0 && tap < size)
    const sum = inside.reduce((total, [, weight]) => total + weight, 0)
    return inside.map(([tap, weight]): [number, number] => [tap, weight / sum])
  })
}

function coordinates (view: NodeView, axis: number, size: number, to: number): (index: number) => number {
  const { scale } = growthOf(view)[axis] as { scale: number }
  const transformation = view.text('coordinate_transformation_mode', 'half_pixel')
  switch (transformation) {
    case 'half_pixel': return (index) => (index + 0.5) / scale - 0.5
    case 'pytorch_half_pixel': return (index) => to > 1 ? (index + 0.5) / scale - 0.5 : 0
    case 'asymmetric': return (index) => index / scale
    case 'align_corners': return (index) => to > 1 ? index * (size - 1) / (to - 1) : 0
    default: throw view.invalid('a coordinate transformation with a gradient rule', transformation)
  }
}

function nearest (mode: string, x: number): number {
  switch (mode) {
    case 'floor': return Math.floor(x)
    case 'ceil': return Math.ceil(x)
    case 'round_prefer_ceil': return Math.floor(x + 0.5)
    default: return Math.ceil(x - 0.5)
  }
}

/** Keys 1981, the four taps around a place. */
function cubic (a: number, part: number): number[] {
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
  return [far(part + 1), near(part), near(1 - part), far(2 - part)]
}
