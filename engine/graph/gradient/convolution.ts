/** Gradients of Conv and ConvTranspose, for any number of spatial axes, groups, strides, dilations and paddings. */
import type { Value } from '../graph.ts'
import type { Shape } from '../node-view.ts'
import type { ShapedBuilder } from '../shaped-builder.ts'
import { transposedWindows, windowsOf } from '../shapes/windows.ts'
import type { Windows } from '../shapes/windows.ts'
import { weightsByMatrix } from './convolution-matrix.ts'
import { sum } from './rule.ts'
import type { GradientRules, Site } from './rule.ts'

export const convolutionGradients: GradientRules = {
  Conv: (site) => {
    const { builder, view, g, a, b } = site
    const windows = windowsOf(view, view.shape(1).slice(2))
    const group = view.whole('group', 1)
    return [
      () => {
        // What the strides left over at the end of the input comes back as output padding.
        const missing = view.shape(0).slice(2).map((size, axis) => size - (at(windows.strides, axis) * (at(windows.outputs, axis) - 1) +
          (at(windows.kernel, axis) - 1) * at(windows.dilations, axis) + 1 - at(windows.before, axis) - at(windows.after, axis)))
        return builder.node('ConvTranspose', [g, b], { ...geometry(windows), group, output_padding: missing })
      },
      () => weights(site, { image: a, response: g, windows, group }),
      () => bias(builder, g)
    ]
  },
  ConvTranspose: (site) => {
    const { builder, view, g, a, b } = site
    const windows = transposedWindows(view, view.shape(1).slice(2))
    const group = view.whole('group', 1)
    return [
      () => builder.node('Conv', [g, b], { ...geometry(windows), group }),
      // The convolution that this one transposes reads g and answers a.
      () => weights(site, { image: g, response: a, windows: { ...windows, outputs: view.shape(0).slice(2) }, group }),
      () => bias(builder, g)
    ]
  }
}

/** `image (N, C, …)`, `response (N, M, …)` of a convolution with weights `(M, C / group, kernel…)`. */
export interface WeightsProblem {
  readonly image: Value
  readonly response: Value
  readonly windows: Windows
  readonly group: number
}

function weights (site: Site, problem: WeightsProblem): Value {
  return site.options.convolutionWeights === 'matrix' ? weightsByMatrix(site.builder, problem) : weightsByConvolution(site.builder, problem)
}

/**
 * Convolves the image by the response, batch and channels exchanged, stride and dilation exchanged. The result is larger than the
 * kernel where strides left a rest, and is cut.
 */
function weightsByConvolution (builder: ShapedBuilder, { image, response, windows, group }: WeightsProblem): Value {
  const [batch, channels, ...size] = builder.shape(image) as [number, number, ...number[]]
  const { kernel, strides, dilations } = windows
  const spatial = size.map((_, axis) => axis)
  const grouped = builder.reshape(image, [batch, group, channels / group, ...size])
  const exchanged = builder.reshape(builder.transpose(grouped, [2, 1, 0, ...spatial.map((axis) => axis + 3)]), [channels / group, group * batch, ...size])
  const swapped = [1, 0, ...spatial.map((axis) => axis + 2)]
  const filters = builder.transpose(response, swapped)
  const found = builder.node('Conv', [exchanged, filters], { ...geometry({ ...windows, strides: dilations, dilations: strides }), kernel_shape: builder.shape(filters).slice(2), group })
  const cut = builder.shape(found).slice(2).every((each, axis) => each === kernel[axis])
    ? found
    : builder.node('Slice', [found, builder.whole(...spatial.map(() => 0)), builder.whole(...kernel), builder.whole(...spatial.map((axis) => axis + 2))])
  return builder.transpose(cut, swapped)
}

function bias (builder: ShapedBuilder, g: Value): Value {
  const axes = builder.shape(g).map((_, axis) => axis).filter((axis) => axis !== 1)
  return builder.reshape(sum(builder, g, axes), [builder.shape(g)[1] as number])
}

function geometry ({ strides, dilations, before, after, kernel }: Windows): Record<string, Shape> {
  return { strides, dilations, pads: [...before, ...after], kernel_shape: kernel }
}

function at (values: Shape, index: number): number {
  return values[index] as number
}
