/** Geometry of operators that move a window over space: Conv, ConvTranspose, MaxPool, AveragePool. Any number of spatial axes. */
import type { NodeView, Shape } from '../node-view.ts'
import { like } from './rule.ts'
import type { ShapeRules } from './rule.ts'

/** One entry per spatial axis. */
export interface Windows {
  readonly kernel: Shape
  readonly strides: Shape
  readonly dilations: Shape
  readonly before: Shape
  readonly after: Shape
  /** Spatial sizes of the output. */
  readonly outputs: Shape
}

/** @throws GOODPARTS_GRAPH_INVALID when the windows do not fit. */
export function windowsOf (view: NodeView, kernel: Shape): Windows {
  const { sizes, strides, dilations, pads } = read(view, kernel)
  const roundUp = view.whole('ceil_mode', 0) === 1
  const automatic = view.text('auto_pad', 'NOTSET')
  const before: number[] = []
  const after: number[] = []
  const outputs = sizes.map((size, axis) => {
    const stride = at(strides, axis)
    const reach = (at(kernel, axis) - 1) * at(dilations, axis) + 1
    if (automatic.startsWith('SAME')) {
      const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size)
      before.push(automatic === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2))
    } else before.push(automatic === 'VALID' ? 0 : at(pads, axis))
    const first = at(before, axis)
    const last = automatic.startsWith('SAME') ? Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size) - first : automatic === 'VALID' ? 0 : at(pads, axis + sizes.length)
    after.push(last)
    const steps = (size + first + last - reach) / stride
    let count = (roundUp ? Math.ceil(steps) : Math.floor(steps)) + 1
    // A window that would begin in the padding at the end is left out.
    if (roundUp && (count - 1) * stride >= size + first) count--
    if (count < 1) throw view.invalid(`room for a window of ${reach}`, `${size + first + last}`)
    return count
  })
  return { kernel, strides, dilations, before, after, outputs }
}

/** ConvTranspose: `stride (n - 1) + output_padding + reach - pads`. */
export function transposedWindows (view: NodeView, kernel: Shape): Windows {
  const { sizes, strides, dilations, pads } = read(view, kernel)
  const extra = view.wholes('output_padding') ?? sizes.map(() => 0)
  const wanted = view.wholes('output_shape')?.slice(-sizes.length) ?? null
  const automatic = view.text('auto_pad', 'NOTSET')
  const before: number[] = []
  const after: number[] = []
  const outputs = sizes.map((size, axis) => {
    const full = at(strides, axis) * (size - 1) + at(extra, axis) + (at(kernel, axis) - 1) * at(dilations, axis) + 1
    const target = wanted?.[axis] ?? (automatic.startsWith('SAME') ? size * at(strides, axis) : null)
    const total = target === null ? at(pads, axis) + at(pads, axis + sizes.length) : Math.max(0, full - target)
    if (target === null) before.push(at(pads, axis))
    else before.push(automatic === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2))
    after.push(total - at(before, axis))
    return full - total
  })
  return { kernel, strides, dilations, before, after, outputs }
}

function read (view: NodeView, kernel: Shape): { sizes: Shape, strides: Shape, dilations: Shape, pads: Shape } {
  const sizes = view.shape(0).slice(2)
  if (kernel.length !== sizes.length) throw view.invalid(`a window of ${sizes.length} axes`, `${kernel.length}`)
  const ones = sizes.map(() => 1)
  const pads = view.wholes('pads') ?? [...sizes, ...sizes].map(() => 0)
  return { sizes, strides: view.wholes('strides') ?? ones, dilations: view.wholes('dilations') ?? ones, pads }
}

function at (values: Shape, index: number): number {
  return values[index] as number
}

export const windowShapes: ShapeRules = {
  Conv: (view) => {
    const [batch = 0, channels = 0] = view.shape(0)
    const [made = 0, perGroup = 0, ...kernel] = view.shape(1)
    const group = view.whole('group', 1)
    if (channels !== perGroup * group || made % group !== 0) throw view.invalid(`weights for ${channels} channels in ${group} groups`, `[${view.shape(1).join(', ')}]`)
    return like(view, [batch, made, ...windowsOf(view, kernel).outputs])
  },
  ConvTranspose: (view) => {
    const [batch = 0, channels = 0] = view.shape(0)
    const [taken, perGroup = 0, ...kernel] = view.shape(1)
    if (channels !== taken) throw view.invalid(`weights for ${channels} channels`, `[${view.shape(1).join(', ')}]`)
    return like(view, [batch, perGroup * view.whole('group', 1), ...transposedWindows(view, kernel).outputs])
  },
  MaxPool: (view) => {
    const shape = [...view.shape(0).slice(0, 2), ...windowsOf(view, view.wholes('kernel_shape') ?? []).outputs]
    return [...like(view, shape), { type: 'int64', shape }]
  },
  AveragePool: (view) => like(view, [...view.shape(0).slice(0, 2), ...windowsOf(view, view.wholes('kernel_shape') ?? []).outputs]),
  GlobalAveragePool: (view) => like(view, view.shape(0).map((size, axis) => axis < 2 ? size : 1)),
  GlobalMaxPool: (view) => like(view, view.shape(0).map((size, axis) => axis < 2 ? size : 1))
}
