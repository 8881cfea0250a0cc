/** The gradient of a convolution's weights as one matrix product over unfolded windows (im2col). */
import type { Value } from '../graph.ts'
import { sizeOf } from '../node-view.ts'
import type { ShapedBuilder } from '../shaped-builder.ts'
import type { WeightsProblem } from './convolution.ts'
import { unfold } from './unfold.ts'

/** `(M, N L) x (N L, C k)` per group, `L` windows of `k` places. */
export function weightsByMatrix (builder: ShapedBuilder, { image, response, windows, group }: WeightsProblem): Value {
  const { kernel, outputs } = windows
  const [batch, channels] = builder.shape(image) as [number, number]
  const [, made] = builder.shape(response) as [number, number]
  const [places, count] = [sizeOf(kernel), sizeOf(outputs)]
  const columns = unfold(builder, image, windows)
  const perGroup = channels / group
  // Small weights: one product per picture, (N g, C/g k, L) x (N g, L, M/g), and their sum. The unfolded windows stay where they are.
  if (made / group <= count) {
    const windowsFirst = builder.reshape(columns, [batch, group, perGroup * places, count])
    const responseLast = builder.transpose(builder.reshape(response, [batch, group, made / group, count]), [0, 1, 3, 2])
    const summed = builder.node('ReduceSum', [builder.node('MatMul', [windowsFirst, responseLast]), builder.whole(0)], { keepdims: 0 })
    return builder.reshape(builder.transpose(summed, [0, 2, 1]), [made, perGroup, ...kernel])
  }
  // (N, C, k, L) -> (g, N L, C/g k)
  const split = builder.reshape(columns, [batch, group, perGroup * places, count])
  const right = builder.reshape(builder.transpose(split, [1, 0, 3, 2]), [group, batch * count, perGroup * places])
  // (N, M, L) -> (g, M/g, N L)
  const left = builder.reshape(builder.transpose(builder.reshape(response, [batch, group, made / group, count]), [1, 2, 0, 3]), [group, made / group, batch * count])
  return builder.reshape(builder.node('MatMul', [left, right]), [made, perGroup, ...kernel])
}
