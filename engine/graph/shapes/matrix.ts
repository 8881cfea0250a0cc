/** Shapes of products, reductions and normalisations. */
import { fromFront } from '../node-view.ts'
import type { NodeView, Shape } from '../node-view.ts'
import { broadcast } from './elementwise.ts'
import { forEach, like } from './rule.ts'
import type { OutputType, ShapeRules } from './rule.ts'

/** The axes that a reduction runs over, counted from the front, ascending. */
export function reducedAxes (view: NodeView): number[] {
  const axes = view.has(1) ? view.numbers(1) : view.wholes('axes') ?? []
  const all = axes.length === 0 && view.whole('noop_with_empty_axes', 0) === 0
  return all ? view.shape(0).map((_, axis) => axis) : axes.map((axis) => fromFront(axis, view.rank)).sort((a, b) => a - b)
}

/** The shape of a reduction with its axes kept as 1. */
export function keptShape (view: NodeView, axes: readonly number[]): Shape {
  return view.shape(0).map((size, axis) => axes.includes(axis) ? 1 : size)
}

function reduced (view: NodeView, axes: readonly number[]): Shape {
  return view.whole('keepdims', 1) === 1 ? keptShape(view, axes) : view.shape(0).filter((_, axis) => !axes.includes(axis))
}

function product (view: NodeView): Shape {
  const [left, right] = [view.shape(0), view.shape(1)]
  const a = left.length === 1 ? [1, ...left] : left
  const b = right.length === 1 ? [...right, 1] : right
  if (a.at(-1) !== b.at(-2)) throw view.invalid('matrices that fit', `[${left.join(', ')}] and [${right.join(', ')}]`)
  const rows = left.length === 1 ? [] : [a.at(-2) as number]
  const columns = right.length === 1 ? [] : [b.at(-1) as number]
  return [...broadcast(view, [a.slice(0, -2), b.slice(0, -2)]), ...rows, ...columns]
}

function arg (view: NodeView): Shape {
  return reduced(view, [view.axis(0)])
}

/** One number, or one per label. */
function loss (view: NodeView): OutputType {
  return { type: view.input(0).type, shape: view.text('reduction', 'mean') === 'none' ? view.shape(1) : [] }
}

export const matrixShapes: ShapeRules = {
  MatMul: (view) => like(view, product(view)),
  Gemm: (view) => {
    const rows = view.shape(0)[view.whole('transA', 0)] as number
    const inner = view.shape(0)[1 - view.whole('transA', 0)]
    if (inner !== view.shape(1)[view.whole('transB', 0)]) throw view.invalid('matrices that fit', `[${view.shape(0).join(', ')}] and [${view.shape(1).join(', ')}]`)
    return like(view, [rows, view.shape(1)[1 - view.whole('transB', 0)] as number])
  },
  ...forEach('ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum ReduceLogSumExp',
    (view) => like(view, reduced(view, reducedAxes(view)))),
  ...forEach('ArgMax ArgMin', (view) => [{ type: 'int64', shape: arg(view) }]),
  TopK: (view) => {
    const shape = view.shape(0).map((size, axis) => axis === view.axis(-1) ? view.numbers(1)[0] as number : size)
    return [...like(view, shape), { type: 'int64', shape }]
  },
  BatchNormalization: (view) => [...like(view), { type: view.input(3).type, shape: view.shape(3) }, { type: view.input(4).type, shape: view.shape(4) }],
  NegativeLogLikelihoodLoss: (view) => [loss(view)],
  SoftmaxCrossEntropyLoss: (view) => [loss(view), ...like(view)],
  ...forEach('InstanceNormalization GroupNormalization', (view) => like(view)),
  LayerNormalization: (view) => {
    const kept = view.shape(0).map((size, axis) => axis < view.axis(-1) ? size : 1)
    return [...like(view), ...like(view, kept), ...like(view, kept)]
  }
}
