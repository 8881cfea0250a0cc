/** What a gradient rule sees and gives, and the sums that undo a broadcast. */
import type { GraphNode, Value } from '../graph.ts'
import type { NodeView, Shape } from '../node-view.ts'
import { sameShape } from '../node-view.ts'
import type { ShapedBuilder } from '../shaped-builder.ts'

export interface GradientOptions {
  /**
   * How the gradient of a convolution's weights is computed: `convolution` (a convolution with the roles of stride and dilation exchanged; little
   * memory) or `matrix` (im2col and one product; what a GPU does best). The numbers are the same. Default `convolution`.
   */
  readonly convolutionWeights?: 'convolution' | 'matrix'
  /**
   * How the gradient of MaxPool finds its places: `indices` (MaxPool's second output and ScatterElements) or `windows` (compares again; runs where the
   * second output does not, as on WebGPU, and adds in a fixed order). The numbers are the same. Default `indices`.
   */
  readonly maxPool?: 'indices' | 'windows'
}

/** The forms that suit a device. */
export function gradientOptionsFor (device: 'cpu' | 'cuda' | 'tensorrt' | 'webgpu'): GradientOptions {
  return device === 'cpu' ? { convolutionWeights: 'convolution', maxPool: 'indices' } : { convolutionWeights: 'matrix', maxPool: 'windows' }
}

/** One node on the way back. */
export interface Site {
  readonly builder: ShapedBuilder
  readonly node: GraphNode
  readonly view: NodeView
  /** The gradient that arrives at each output, `null` where none does. */
  readonly upstream: ReadonlyArray<Value | null>
  /** The gradient that arrives at the first output. @throws GOODPARTS_GRAPH_INVALID when none does. */
  readonly g: Value
  /** Names of the first three inputs (empty when absent) and of the first output. */
  readonly a: Value
  readonly b: Value
  readonly c: Value
  readonly y: Value
  readonly options: GradientOptions
}

/** Adds the nodes of one input's gradient and gives its value. Called only when the gradient is asked for. */
export type InputGradient = (() => Value) | null

/** One entry per input of the node; `null` or absent where the gradient is zero or does not exist. */
export type GradientRule = (site: Site) => InputGradient[]

export type GradientRules = Readonly<Record<string, GradientRule>>

/** Sums over the axes along which a value of `shape` was broadcast. */
export function reduceTo (builder: ShapedBuilder, value: Value, shape: Shape): Value {
  const from = builder.shape(value)
  if (sameShape(from, shape)) return value
  const added = from.length - shape.length
  const axes = from.flatMap((size, axis) => axis < added || (shape[axis - added] === 1 && size !== 1) ? [axis] : [])
  return builder.reshape(sum(builder, value, axes), shape)
}

/** ReduceSum that keeps the axes as 1; nothing for no axes. */
export function sum (builder: ShapedBuilder, value: Value, axes: readonly number[]): Value {
  return axes.length === 0 ? value : builder.node('ReduceSum', [value, builder.whole(...axes)], { keepdims: 1 })
}

/** `g` where the condition holds, else 0, in the type of `g`. */
export function masked (builder: ShapedBuilder, condition: Value, g: Value): Value {
  return builder.node('Mul', [g, builder.cast(condition, builder.typeOf(g).type)])
}
