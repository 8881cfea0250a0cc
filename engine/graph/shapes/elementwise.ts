/** Shapes of operators that work number by number. */
import { elementType } from '../element-types.ts'
import type { NodeView, Shape } from '../node-view.ts'
import { forEach, like } from './rule.ts'
import type { ShapeRules } from './rule.ts'

/** The shape to which all of `shapes` broadcast (ONNX: multidirectional, as in NumPy). */
export function broadcast (view: NodeView, shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map((shape) => shape.length))
  return Array.from({ length: rank }, (_, axis) => {
    let found = 1
    for (const shape of shapes) {
      const size = shape[axis - rank + shape.length] ?? 1
      if (size === 1 || size === found) continue
      if (found !== 1) throw view.invalid('inputs that broadcast', shapes.map((each) => `[${each.join(', ')}]`).join(' and '))
      found = size
    }
    return found
  })
}

function allInputs (view: NodeView, from = 0): Shape {
  return broadcast(view, view.node.inputs.slice(from).map((_, index) => view.shape(index + from)))
}

export const elementwiseShapes: ShapeRules = {
  ...forEach('Relu LeakyRelu PRelu Sigmoid Tanh Erf Gelu Clip HardSwish HardSigmoid Elu Selu Celu Softplus Softsign Mish ThresholdedRelu Neg Abs Sqrt ' +
    'Exp Log Reciprocal Sign Floor Ceil Round Identity Softmax LogSoftmax Not Sin Cos Tan Atan CumSum Trilu BitwiseNot LpNormalization LRN', (view) => like(view)),
  ...forEach('Add Sub Mul Div Pow Max Min Sum Mean Mod And Or Xor', (view) => like(view, allInputs(view))),
  ...forEach('Greater Less Equal GreaterOrEqual LessOrEqual', (view) => [{ type: 'bool', shape: allInputs(view) }]),
  ...forEach('IsNaN IsInf', (view) => [{ type: 'bool', shape: view.shape(0) }]),
  Where: (view) => [{ type: view.input(1).type, shape: allInputs(view) }],
  Cast: (view) => [{ type: elementType(view.whole('to', 0), view.node.name), shape: view.shape(0) }],
  CastLike: (view) => [{ type: view.input(1).type, shape: view.shape(0) }],
  Dropout: (view) => [...like(view), { type: 'bool', shape: view.shape(0) }]
}
