/** The windows of a value side by side, and their way back. */
import type { Value } from '../graph.ts'
import { sizeOf } from '../node-view.ts'
import type { Shape } from '../node-view.ts'
import type { ShapedBuilder } from '../shaped-builder.ts'
import type { Windows } from '../shapes/windows.ts'

/** `(N, C, …)` to `(N, C, k, L)`, `L` windows of `k` places: one strided slice per place. Padding holds `padding`. */
export function unfold (builder: ShapedBuilder, image: Value, windows: Windows, padding = 0): Value {
  const { kernel, strides, dilations, before, outputs } = windows
  const [batch, channels, ...size] = builder.shape(image) as [number, number, ...number[]]
  const count = sizeOf(outputs)
  const behind = overhang(windows, size).map((each) => Math.max(each, 0))
  const padded = [...before, ...behind].some((pad) => pad !== 0)
    ? builder.node('Pad', [image, builder.whole(0, 0, ...before, 0, 0, ...behind), builder.number(padding, image)])
    : image
  if (sizeOf(kernel) === 1 && strides.every((stride) => stride === 1)) return builder.reshape(padded, [batch, channels, 1, count])
  const axes = builder.whole(...kernel.map((_, axis) => axis + 2))
  const slices = placesOf(kernel).map((place) => {
    const starts = place.map((offset, axis) => offset * at(dilations, axis))
    const ends = starts.map((start, axis) => start + at(strides, axis) * (at(outputs, axis) - 1) + 1)
    return builder.reshape(builder.node('Slice', [padded, builder.whole(...starts), builder.whole(...ends), axes, builder.whole(...strides)]), [batch, channels, 1, count])
  })
  return slices.length === 1 ? slices[0] as Value : builder.node('Concat', slices, { axis: 2 })
}

/**
 * The ConvTranspose that puts windows back where they came from: `strides`, `dilations`, `pads`, `output_padding` so that the result has the
 * spatial `size`. A window may end before the input does (output padding) or behind it (more padding).
 */
export function foldAttributes (windows: Windows, size: Shape): Record<string, Shape> {
  const { kernel, strides, dilations, before } = windows
  const behind = overhang(windows, size)
  return {
    strides,
    dilations,
    kernel_shape: kernel,
    pads: [...before, ...behind.map((each) => Math.max(each, 0))],
    output_padding: behind.map((each) => Math.max(-each, 0))
  }
}

/** How far the last window reaches behind the end of the input; negative where it ends before. */
function overhang ({ kernel, strides, dilations, before, outputs }: Windows, size: Shape): number[] {
  return size.map((each, axis) => at(strides, axis) * (at(outputs, axis) - 1) + (at(kernel, axis) - 1) * at(dilations, axis) + 1 - at(before, axis) - each)
}

/** Every place of a kernel, last axis fastest. */
function placesOf (kernel: Shape): number[][] {
  return kernel.reduce<number[][]>((places, size) => places.flatMap((place) => Array.from({ length: size }, (_, index) => [...place, index])), [[]])
}

function at (values: Shape, index: number): number {
  return values[index] as number
}
