/** Gradients of matrix products. */
import type { Value } from '../graph.ts'
import { sizeOf } from '../node-view.ts'
import type { ShapedBuilder } from '../shaped-builder.ts'
import { reduceTo } from './rule.ts'
import type { GradientRules } from './rule.ts'

function transposed (builder: ShapedBuilder, value: Value): Value {
  const axes = builder.shape(value).map((_, axis) => axis)
  return builder.transpose(value, [...axes.slice(0, -2), axes.length - 1, axes.length - 2])
}

export const matrixGradients: GradientRules = {
  MatMul: ({ builder, view, g, a, b }) => {
    const [left, right] = [view.shape(0), view.shape(1)]
    // Vectors take part as matrices with one row or one column.
    const rows = left.length === 1 ? builder.reshape(a, [1, ...left]) : a
    const columns = right.length === 1 ? builder.reshape(b, [...right, 1]) : b
    const batch = builder.shape(g).slice(0, builder.shape(g).length - Number(left.length > 1) - Number(right.length > 1))
    const answer = builder.reshape(g, [...batch, builder.shape(rows).at(-2) as number, builder.shape(columns).at(-1) as number])
    return [
      () => builder.reshape(reduceTo(builder, builder.node('MatMul', [answer, transposed(builder, columns)]), builder.shape(rows)), left),
      () => {
        if (right.length === 2 && left.length > 2) {
          // One weight matrix for a whole batch: one product instead of a sum of many.
          const flat = (value: Value): Value => builder.reshape(value, [sizeOf(builder.shape(value)) / (builder.shape(value).at(-1) as number), builder.shape(value).at(-1) as number])
          return builder.node('MatMul', [transposed(builder, flat(a)), flat(answer)])
        }
        return builder.reshape(reduceTo(builder, builder.node('MatMul', [transposed(builder, rows), answer]), builder.shape(columns)), right)
      }
    ]
  },
  // Y = alpha op(A) op(B) + beta C
  Gemm: ({ builder, view, g, a, b }) => {
    const [transA, transB] = [view.whole('transA', 0), view.whole('transB', 0)]
    const alpha = { kind: 'float' as const, value: view.float('alpha', 1) }
    const product = (left: Value, right: Value, flags: { transA: number, transB: number }): Value => builder.node('Gemm', [left, right], { ...flags, alpha })
    return [
      () => transA === 0 ? product(g, b, { transA: 0, transB: 1 - transB }) : product(b, g, { transA: transB, transB: 1 }),
      () => transB === 0 ? product(a, g, { transA: 1 - transA, transB: 0 }) : product(g, a, { transA: 1, transB: transA }),
      () => {
        const beta = view.float('beta', 1)
        return reduceTo(builder, beta === 1 ? g : builder.node('Mul', [g, builder.number(beta, g)]), view.shape(2))
      }
    ]
  }
}
