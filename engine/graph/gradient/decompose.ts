/** Operators that are differentiated as what they are made of, and operators that get an output which their gradient needs. */
import { float } from '../builder.ts'
import type { Value } from '../graph.ts'
import type { NodeView } from '../node-view.ts'
import { sizeOf } from '../node-view.ts'
import type { ShapedBuilder } from '../shaped-builder.ts'
import { negativeLogLikelihood, softmaxCrossEntropy } from './decompose-loss.ts'

type Parts = (builder: ShapedBuilder, view: NodeView) => ReadonlyArray<Value | null> | null

/** Fits `Replace` of the builder. */
export function decompose (builder: ShapedBuilder, view: NodeView): ReadonlyArray<Value | null> | null {
  return (view.node.domain === '' ? decompositions[view.node.operator] : undefined)?.(builder, view) ?? null
}

/** `(x - mean) / sqrt(variance + epsilon)` over `axes`, with the statistics kept as size 1 along them. */
export function normalise (builder: ShapedBuilder, x: Value, axes: readonly number[], epsilon: number): { normal: Value, mean: Value, variance: Value } {
  const over = builder.whole(...axes)
  const mean = builder.node('ReduceMean', [x, over], { keepdims: 1 })
  const centred = builder.node('Sub', [x, mean])
  const variance = builder.node('ReduceMean', [builder.node('Mul', [centred, centred]), over], { keepdims: 1 })
  const deviation = builder.node('Sqrt', [builder.node('Add', [variance, builder.number(epsilon, x)])])
  return { normal: builder.node('Div', [centred, deviation]), mean, variance }
}

/** Per-channel `(C)` beside `(N, C, …)`. */
function perChannel (builder: ShapedBuilder, value: Value, rank: number): Value {
  return builder.reshape(value, [builder.shape(value)[0] as number, ...Array.from({ length: rank - 2 }, () => 1)])
}

function scaled (builder: ShapedBuilder, normal: Value, scale: Value, shift: Value): Value {
  return builder.node('Add', [builder.node('Mul', [normal, scale]), shift])
}

export const decompositions: Readonly<Record<string, Parts>> = {
  BatchNormalization: (builder, view) => {
    const training = view.whole('training_mode', 0) === 1
    const [x = '', scale = '', shift = '', runningMean = '', runningVariance = ''] = view.node.inputs
    const channel = (value: Value): Value => perChannel(builder, value, view.rank)
    if (!training) return null
    const axes = view.shape(0).map((_, axis) => axis).filter((axis) => axis !== 1)
    const { normal, mean, variance } = normalise(builder, x, axes, view.float('epsilon', 1e-5))
    const momentum = view.float('momentum', 0.9)
    const running = (old: Value, now: Value): Value => builder.node('Add', [
      builder.node('Mul', [old, builder.number(momentum, old)]),
      builder.node('Mul', [builder.reshape(now, builder.shape(old)), builder.number(1 - momentum, old)])
    ])
    return [scaled(builder, normal, channel(scale), channel(shift)), ...view.node.outputs.length > 1 ? [running(runningMean, mean), running(runningVariance, variance)] : []]
  },
  GroupNormalization: (builder, view) => {
    const [x = '', scale = '', shift = ''] = view.node.inputs
    const [batch, channels, ...size] = view.shape(0) as [number, number, ...number[]]
    const groups = view.whole('num_groups', 1)
    const [ones, zeros] = [builder.filled(1, [groups], x), builder.filled(0, [groups], x)]
    const normal = builder.node('InstanceNormalization', [builder.reshape(x, [batch, groups, channels / groups * sizeOf(size)]), ones, zeros], { epsilon: float(view.float('epsilon', 1e-5)) })
    // Operator set 18 scales each group, 21 each channel.
    const each = (value: Value): Value => perChannel(builder, builder.shape(value)[0] === channels
      ? value
      : builder.reshape(builder.node('Expand', [builder.reshape(value, [groups, 1]), builder.whole(groups, channels / groups)]), [channels]), view.rank)
    return [scaled(builder, builder.reshape(normal, view.shape(0)), each(scale), each(shift))]
  },
  Gelu: (builder, view) => {
    const [x = ''] = view.node.inputs
    const half = builder.number(0.5, x)
    const cube = (): Value => builder.node('Mul', [builder.node('Mul', [x, x]), x])
    const inner = view.text('approximate', 'none') === 'tanh'
      ? builder.node('Tanh', [builder.node('Mul', [builder.node('Add', [x, builder.node('Mul', [cube(), builder.number(0.044715, x)])]), builder.number(Math.sqrt(2 / Math.PI), x)])])
      : builder.node('Erf', [builder.node('Mul', [x, builder.number(Math.SQRT1_2, x)])])
    return [builder.node('Mul', [builder.node('Mul', [x, half]), builder.node('Add', [inner, builder.number(1, x)])])]
  },
  Mish: (builder, view) => {
    const [x = ''] = view.node.inputs
    return [builder.node('Mul', [x, builder.node('Tanh', [builder.node('Softplus', [x])])])]
  },
  Selu: (builder, view) => {
    const [x = ''] = view.node.inputs
    const elu = builder.node('Elu', [x], { alpha: float(view.float('alpha', 1.6732632423543772)) })
    return [builder.node('Mul', [elu, builder.number(view.float('gamma', 1.0507009873554805), x)])]
  },
  Celu: (builder, view) => {
    const [x = ''] = view.node.inputs
    const alpha = builder.number(view.float('alpha', 1), x)
    return [builder.node('Mul', [builder.node('Elu', [builder.node('Div', [x, alpha])]), alpha])]
  },
  Softsign: (builder, view) => {
    const [x = ''] = view.node.inputs
    return [builder.node('Div', [x, builder.node('Add', [builder.node('Abs', [x]), builder.number(1, x)])])]
  },
  LpNormalization: (builder, view) => {
    const [x = ''] = view.node.inputs
    return [builder.node('Div', [x, builder.node(`ReduceL${view.whole('p', 2)}`, [x, builder.whole(view.axis(-1))], { keepdims: 1 })])]
  },
  NegativeLogLikelihoodLoss: negativeLogLikelihood,
  SoftmaxCrossEntropyLoss: softmaxCrossEntropy,
  MaxPool: (builder, view) => withIndices(builder, view),
  TopK: (builder, view) => withSecondOutput(builder, view)
}

/** The rule reads row-major indices; `storage_order` 1 counts by columns. A graph that reads those itself gets them from a second pooling. */
function withIndices (builder: ShapedBuilder, view: NodeView): Value[] | null {
  const { inputs, outputs, attributes } = view.node
  const { storage_order: order, ...rowMajor } = attributes
  if (order === undefined) return withSecondOutput(builder, view)
  const [largest, indices] = builder.nodes('MaxPool', inputs, 2, { attributes: rowMajor }) as [Value, Value]
  return [largest, (outputs[1] ?? '') === '' ? indices : builder.nodes('MaxPool', inputs, 2, { attributes })[1] as Value]
}

/** The indices, which an inference graph leaves out. */
function withSecondOutput (builder: ShapedBuilder, { node }: NodeView): Value[] | null {
  if ((node.outputs[1] ?? '') !== '') return null
  return builder.nodes(node.operator, node.inputs, 2, { attributes: node.attributes })
}
