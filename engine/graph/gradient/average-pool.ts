/** The gradient of AveragePool: a transposed depthwise convolution of ones. */
import { constantTensor } from '../constant-tensor.ts'
import type { Shape } from '../node-view.ts'
import { sizeOf } from '../node-view.ts'
import { windowsOf } from '../shapes/windows.ts'
import type { Windows } from '../shapes/windows.ts'
import { foldAttributes } from './unfold.ts'
import type { GradientRules } from './rule.ts'

export const averagePoolGradients: GradientRules = {
  AveragePool: ({ builder, view, g }) => [() => {
    const [batch, channels, ...size] = view.shape(0) as [number, number, ...number[]]
    const windows = windowsOf(view, view.wholes('kernel_shape') ?? [])
    const { kernel, outputs } = windows
    const counts = countsOf(windows, size, view.whole('count_include_pad', 0) === 1)
    const shares = builder.node('Mul', [g, builder.tensor(constantTensor(counts.map((count) => 1 / count), [1, 1, ...outputs]))])
    // Every channel by itself, so that one kernel of ones serves them all.
    const alone = builder.reshape(shares, [batch * channels, 1, ...outputs])
    const ones = builder.tensor(constantTensor(new Float32Array(sizeOf(kernel)).fill(1), [1, 1, ...kernel]))
    const back = builder.node('ConvTranspose', [alone, ones], foldAttributes(windows, size))
    return builder.reshape(back, view.shape(0))
  }]
}

/** How many numbers each window averages. */
function countsOf ({ kernel, strides, dilations, before, after, outputs }: Windows, size: Shape, includePadding: boolean): Float32Array {
  const perAxis = outputs.map((count, axis) => Array.from({ length: count }, (_, index) => {
    const start = index * at(strides, axis) - at(before, axis)
    const [first, end] = includePadding ? [-at(before, axis), at(size, axis) + at(after, axis)] : [0, at(size, axis)]
    const places = Array.from({ length: at(kernel, axis) }, (_, place) => start + place * at(dilations, axis))
    return places.filter((place) => place >= first && place < end).length
  }))
  return Float32Array.from(perAxis.reduce<number[]>((products, counts) => products.flatMap((product) => counts.map((count) => product * count)), [1]))
}

function at (values: Shape, index: number): number {
  return values[index] as number
}
