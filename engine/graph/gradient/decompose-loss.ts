/** Losses against class numbers, as what they are made of. */
import type { Value } from '../graph.ts'
import type { NodeView } from '../node-view.ts'
import type { ShapedBuilder } from '../shaped-builder.ts'

/** Softmax, then the negative logarithm of the labelled class's share. */
export function softmaxCrossEntropy (builder: ShapedBuilder, view: NodeView): Value[] {
  const logarithms = builder.node('LogSoftmax', [view.node.inputs[0] as Value], { axis: 1 })
  return [labelled(builder, view, logarithms), logarithms]
}

export function negativeLogLikelihood (builder: ShapedBuilder, view: NodeView): Value[] {
  return [labelled(builder, view, view.node.inputs[0] as Value)]
}

/** Minus the logarithm `(N, C, …)` at each label `(N, …)`, weighted per class; the mean is by the sum of weights. Ignored labels count nowhere. */
function labelled (builder: ShapedBuilder, view: NodeView, logarithms: Value): Value {
  const [, labels = '', weights = ''] = view.node.inputs
  const [, classes = 1, ...size] = view.shape(0)
  const one = builder.cast(builder.constant(Float32Array.of(0, 1)), view.input(0).type)
  // A number beyond the classes gives a row of zeros; the ignored one may be negative, which would count from the end.
  const ignored = view.node.attributes['ignore_index'] === undefined
    ? labels
    : builder.node('Where', [builder.node('Equal', [labels, builder.cast(builder.whole(view.whole('ignore_index', 0)), view.input(1).type)]), builder.cast(builder.whole(classes), view.input(1).type), labels])
  const chosen = builder.node('OneHot', [ignored, builder.whole(classes), one], { axis: 1 })
  const weighted = weights === '' ? chosen : builder.node('Mul', [chosen, builder.reshape(weights, [classes, ...size.map(() => 1)])])
  const lost = builder.node('Neg', [builder.node('ReduceSum', [builder.node('Mul', [logarithms, weighted]), builder.whole(1)], { keepdims: 0 })])
  const reduction = view.text('reduction', 'mean')
  if (reduction === 'none') return lost
  const total = builder.node('ReduceSum', [lost], { keepdims: 0 })
  return reduction === 'sum' ? total : builder.node('Div', [total, builder.node('ReduceSum', [weighted], { keepdims: 0 })])
}
