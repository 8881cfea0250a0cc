/** Shapes of operators that move numbers without changing them. */
import { elementType } from '../element-types.ts'
import { fromFront, sizeOf } from '../node-view.ts'
import type { NodeView, Shape } from '../node-view.ts'
import { broadcast } from './elementwise.ts'
import { like } from './rule.ts'
import type { ShapeRules } from './rule.ts'

/** One entry per axis of the input that is cut; others are left whole. */
export interface Cut {
  readonly axis: number
  readonly start: number
  readonly step: number
  readonly count: number
}

/** The cuts of a Slice in numbers, with starts and ends clamped as the specification says. */
export function cutsOf (view: NodeView): Cut[] {
  const [starts, ends] = [view.numbers(1), view.numbers(2)]
  const axes = view.has(3) ? view.numbers(3) : starts.map((_, index) => index)
  const steps = view.has(4) ? view.numbers(4) : starts.map(() => 1)
  return starts.map((wanted, index) => {
    const axis = fromFront(axes[index] as number, view.rank)
    const size = view.shape(0)[axis] as number
    const step = steps[index] as number
    const clamp = (value: number): number => {
      const front = value < 0 ? value + size : value
      return step > 0 ? Math.min(Math.max(front, 0), size) : Math.min(Math.max(front, -1), size - 1)
    }
    const start = step > 0 ? clamp(wanted) : Math.max(clamp(wanted), 0)
    const last = ends[index] as number
    return { axis, start, step, count: Math.max(0, Math.ceil((clamp(last) - start) / step)) }
  })
}

/** Numbers added before and after every axis of the input. */
export function padsOf (view: NodeView): { before: Shape, after: Shape } {
  const given = view.numbers(1)
  const axes = view.has(3) ? view.numbers(3).map((axis) => fromFront(axis, view.rank)) : view.shape(0).map((_, axis) => axis)
  const before = view.shape(0).map(() => 0)
  const after = view.shape(0).map(() => 0)
  axes.forEach((axis, index) => {
    before[axis] = given[index] as number
    after[axis] = given[index + axes.length] as number
  })
  return { before, after }
}

/** The sizes of the parts of a Split. */
export function partsOf (view: NodeView): Shape {
  if (view.has(1)) return view.numbers(1)
  const size = view.shape(0)[view.axis(0)] as number
  const count = view.whole('num_outputs', view.node.outputs.length)
  const each = Math.ceil(size / count)
  return Array.from({ length: count }, (_, index) => index < count - 1 ? each : size - each * (count - 1))
}

function reshaped (view: NodeView): Shape {
  const from = view.shape(0)
  const shape = view.numbers(1).map((size, axis) => size === 0 && view.whole('allowzero', 0) === 0 ? from[axis] as number : size)
  const rest = shape.indexOf(-1)
  if (rest >= 0) shape[rest] = sizeOf(from) / shape.reduce((product, size) => size === -1 ? product : product * size, 1)
  if (sizeOf(shape) !== sizeOf(from) || !shape.every(Number.isInteger)) throw view.invalid(`a shape for ${sizeOf(from)} numbers`, `[${view.numbers(1).join(', ')}]`)
  return shape
}

function axesOf (view: NodeView, rank: number): number[] {
  return (view.has(1) ? view.numbers(1) : view.wholes('axes') ?? []).map((axis) => fromFront(axis, rank))
}

function unsqueezed (view: NodeView): Shape {
  const rank = view.rank + (view.has(1) ? view.numbers(1) : view.wholes('axes') ?? []).length
  const axes = axesOf(view, rank)
  const rest = [...view.shape(0)]
  return Array.from({ length: rank }, (_, axis) => axes.includes(axis) ? 1 : rest.shift() as number)
}

function squeezed (view: NodeView): Shape {
  const axes = axesOf(view, view.rank)
  return view.shape(0).filter((size, axis) => axes.length === 0 ? size !== 1 : !axes.includes(axis))
}

/** What Resize makes of every axis: by how much it grows, and its new size. */
export function growthOf (view: NodeView): Array<{ scale: number, size: number }> {
  const from = view.shape(0)
  const axes = view.wholes('axes')?.map((axis) => fromFront(axis, from.length)) ?? from.map((_, axis) => axis)
  const sizes = view.has(3) ? view.numbers(3) : null
  const scales = sizes === null ? view.numbers(2) : axes.map((axis, index) => (sizes[index] as number) / (from[axis] as number))
  const policy = sizes === null ? 'stretch' : view.text('keep_aspect_ratio_policy', 'stretch')
  const common = policy === 'stretch' ? null : policy === 'not_larger' ? Math.min(...scales) : Math.max(...scales)
  return from.map((size, axis) => {
    const index = axes.indexOf(axis)
    if (index < 0) return { scale: 1, size }
    if (common !== null) return { scale: common, size: Math.floor(common * size + 0.5) }
    const scale = scales[index] as number
    return { scale, size: sizes?.[index] ?? Math.floor(size * scale) }
  })
}

export const layoutShapes: ShapeRules = {
  Reshape: (view) => like(view, reshaped(view)),
  Flatten: (view) => {
    const axis = fromFront(view.whole('axis', 1), view.rank)
    return like(view, [sizeOf(view.shape(0).slice(0, axis)), sizeOf(view.shape(0).slice(axis))])
  },
  Squeeze: (view) => like(view, squeezed(view)),
  Unsqueeze: (view) => like(view, unsqueezed(view)),
  Transpose: (view) => like(view, permutationOf(view).map((axis) => view.shape(0)[axis] as number)),
  Expand: (view) => like(view, broadcast(view, [view.shape(0), view.numbers(1)])),
  Tile: (view) => like(view, view.shape(0).map((size, axis) => size * (view.numbers(1)[axis] as number))),
  Concat: (view) => {
    const axis = view.axis(0)
    const total = view.node.inputs.reduce((sum, _, index) => sum + (view.shape(index)[axis] as number), 0)
    return like(view, view.shape(0).map((size, index) => index === axis ? total : size))
  },
  Split: (view) => partsOf(view).map((size) => ({ type: view.input(0).type, shape: view.shape(0).map((whole, axis) => axis === view.axis(0) ? size : whole) })),
  Slice: (view) => like(view, view.shape(0).map((size, axis) => cutsOf(view).find((cut) => cut.axis === axis)?.count ?? size)),
  Pad: (view) => {
    const { before, after } = padsOf(view)
    return like(view, view.shape(0).map((size, axis) => size + (before[axis] as number) + (after[axis] as number)))
  },
  Gather: (view) => like(view, [...view.shape(0).slice(0, view.axis(0)), ...view.shape(1), ...view.shape(0).slice(view.axis(0) + 1)]),
  GatherElements: (view) => like(view, view.shape(1)),
  ScatterElements: (view) => like(view),
  Resize: (view) => like(view, growthOf(view).map(({ size }) => size)),
  DepthToSpace: (view) => {
    const [batch, channels, height, width] = view.shape(0) as [number, number, number, number]
    const block = view.whole('blocksize', 1)
    return like(view, [batch, channels / block / block, height * block, width * block])
  },
  SpaceToDepth: (view) => {
    const [batch, channels, height, width] = view.shape(0) as [number, number, number, number]
    const block = view.whole('blocksize', 1)
    return like(view, [batch, channels * block * block, height / block, width / block])
  },
  Shape: (view) => [{ type: 'int64', shape: [view.shape(0).slice(view.whole('start', 0), view.wholes('end') === null && view.node.attributes['end'] === undefined ? undefined : view.whole('end', 0)).length] }],
  Size: () => [{ type: 'int64', shape: [] }],
  Constant: (view) => [constantType(view)],
  ConstantOfShape: (view) => {
    const value = view.node.attributes['value']
    return [{ type: value?.kind === 'tensor' ? value.value.type : 'float32', shape: view.numbers(0) }]
  },
  Range: (view) => {
    const [start = 0, limit = 0, delta = 1] = [0, 1, 2].map((index) => view.numbers(index)[0])
    return [{ type: view.input(0).type, shape: [Math.max(0, Math.ceil((limit - start) / delta))] }]
  },
  OneHot: (view) => {
    const rank = view.rank + 1
    const axis = fromFront(view.whole('axis', -1), rank)
    return [{ type: view.input(2).type, shape: [...view.shape(0).slice(0, axis), view.numbers(1)[0] as number, ...view.shape(0).slice(axis)] }]
  },
  RandomNormalLike: (view) => [{ type: elementType(view.whole('dtype', 1), view.node.name), shape: view.shape(0) }],
  RandomUniformLike: (view) => [{ type: elementType(view.whole('dtype', 1), view.node.name), shape: view.shape(0) }]
}

export function permutationOf (view: NodeView): number[] {
  return view.wholes('perm') ?? view.shape(0).map((_, axis) => view.rank - 1 - axis)
}

function constantType (view: NodeView): { type: 'float32' | 'int64', shape: Shape } | { type: ReturnType<typeof elementType>, shape: Shape } {
  const { value, value_float: number, value_floats: floats, value_int: whole, value_ints: wholes } = view.node.attributes
  if (value?.kind === 'tensor') return { type: value.value.type, shape: value.value.dims }
  if (number !== undefined) return { type: 'float32', shape: [] }
  if (floats?.kind === 'floats') return { type: 'float32', shape: [floats.value.length] }
  if (whole !== undefined) return { type: 'int64', shape: [] }
  if (wholes?.kind === 'ints') return { type: 'int64', shape: [wholes.value.length] }
  throw view.invalid('a number or tensor', Object.keys(view.node.attributes).join(', ') || 'nothing')
}
