/** Gradients of operators that read from chosen places, and the scatter that adds back to those places. */
import type { Value } from '../graph.ts'
import { sizeOf } from '../node-view.ts'
import type { ShapedBuilder } from '../shaped-builder.ts'
import type { GradientRules } from './rule.ts'

/** Adds each place of `value` along an axis to place `to[…]` of an axis of `size`. */
export function scatterAlong (builder: ShapedBuilder, value: Value, { axis, to, size }: { axis: number, to: readonly number[], size: number }): Value {
  const shape = builder.shape(value)
  const column = shape.map((_, each) => each === axis ? to.length : 1)
  const indices = builder.node('Expand', [builder.reshape(builder.whole(...to), column), builder.whole(...shape)])
  return addAt(builder, { value, indices, axis, shape: shape.map((whole, each) => each === axis ? size : whole) })
}

/** Zeros of `shape`, with `value` added at `indices` along an axis. */
export function addAt (builder: ShapedBuilder, { value, indices, axis, shape }: { value: Value, indices: Value, axis: number, shape: readonly number[] }): Value {
  return builder.node('ScatterElements', [builder.filled(0, shape, value), indices, value], { axis, reduction: 'add' })
}

export const scatterGradients: GradientRules = {
  Gather: ({ builder, view, g, b }) => [() => {
    const axis = view.axis(0)
    const [shape, picked] = [view.shape(0), sizeOf(view.shape(1))]
    const spread = shape.map((size, each) => each === axis ? picked : size)
    const column = shape.map((_, each) => each === axis ? picked : 1)
    const indices = builder.node('Expand', [builder.reshape(b, column), builder.whole(...spread)])
    return addAt(builder, { value: builder.reshape(g, spread), indices, axis, shape })
  }],
  GatherElements: ({ builder, view, g, b }) => [() => addAt(builder, { value: g, indices: b, axis: view.axis(0), shape: view.shape(0) })],
  ScatterElements: ({ builder, view, g, b }) => {
    const axis = view.axis(0)
    const reduction = view.text('reduction', 'none')
    if (reduction !== 'none' && reduction !== 'add') throw view.invalid('a reduction with a gradient rule (none, add)', reduction)
    return [
      () => reduction === 'add' ? g : builder.node('ScatterElements', [g, b, builder.filled(0, view.shape(2), g)], { axis }),
      null,
      () => builder.node('GatherElements', [g, b], { axis })
    ]
  },
  TopK: ({ builder, view, g, node }) => [() => addAt(builder, { value: g, indices: node.outputs[1] as Value, axis: view.axis(-1), shape: view.shape(0) })]
}
