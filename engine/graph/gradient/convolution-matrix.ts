/** The gradient of a convolution's weights as one matrix product over unfolded windows (im2col). */
import type { Value } from '../graph.ts'
import { sizeOf } from '../node-view.ts'
import type { Shape } from '../node-view.ts'
import type { ShapedBuilder } from '../shaped-builder.ts'
import type { WeightsProblem } from './convolution.ts'

/** `(M, N L) x (N L, C k)` per group, `L` windows of `k` places. */
export function weightsByMatrix (builder: ShapedBuilder, { image, response, windows, group }: WeightsProblem): Value {
  const { kernel, outputs } = windows
  const [batch, channels] = builder.shape(image) as [number, number]
  const [, made] = builder.shape(response) as [number, number]
  const [places, count] = [sizeOf(kernel), sizeOf(outputs)]
  const columns = unfold(builder, image, windows)
  const perGroup = channels / group
  // (N, C, k, L) -> (g, N L, C/g k)
  const split = builder.reshape(columns, [batch, group, perGroup * places, count])
  const right = builder.reshape(builder.transpose(split, [1, 0, 3, 2]), [group, batch * count, perGroup * places])
  // (N, M, L) -> (g, M/g, N L)
  const left = builder.reshape(builder.transpose(builder.reshape(response, [batch, group, made / group, count]), [1, 2, 0, 3]), [group, made / group, batch * count])
  return builder.reshape(builder.node('MatMul', [left, right]), [made, perGroup, ...kernel])
}

/** `(N, C, …)` to `(N, C, k, L)`: one strided slice per place of the kernel. */
function unfold (builder: ShapedBuilder, image: Value, { kernel, strides, dilations, before, after, outputs }: WeightsProblem['windows']): Value {
  const [batch, channels] = builder.shape(image) as [number, number]
  const count = sizeOf(outputs)
  if (sizeOf(kernel) === 1 && strides.every((stride) => stride === 1) && [...before, ...after].every((pad) => pad === 0)) {
    return builder.reshape(image, [batch, channels, 1, count])
  }
  const axes = builder.whole(...kernel.map((_, axis) => axis + 2))
  const padded = [...before, ...after].some((pad) => pad !== 0)
    ? builder.node('Pad', [image, builder.whole(0, 0, ...before, 0, 0, ...after)])
    : image
  const slices = placesOf(kernel).map((place) => {
    const starts = place.map((offset, axis) => offset * at(dilations, axis))
    const ends = starts.map((start, axis) => start + at(strides, axis) * (at(outputs, axis) - 1) + 1)
    return builder.reshape(builder.node('Slice', [padded, builder.whole(...starts), builder.whole(...ends), axes, builder.whole(...strides)]), [batch, channels, 1, count])
  })
  return slices.length === 1 ? slices[0] as Value : builder.node('Concat', slices, { axis: 2 })
}

/** Every place of a kernel, last axis fastest. */
function placesOf (kernel: Shape): number[][] {
  return kernel.reduce<number[][]>((places, size) => places.flatMap((place) => Array.from({ length: size }, (_, index) => [...place, index])), [[]])
}

function at (values: Shape, index: number): number {
  return values[index] as number
}
