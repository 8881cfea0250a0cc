/**
 * Registration inside the graph: of all templates and shifts the one with the least squared difference, first over averages of a few pixels,
 * by one convolution with the templates as its kernels, then over single pixels around it.
 */
import type { GraphBuilder } from '../../graph/builder.ts'
import { wireNumber } from '../../graph/element-types.ts'
import type { Value } from '../../graph/graph.ts'
import { coarseRadius } from './geometry.ts'
import type { TemplateGeometry } from './geometry.ts'

/** Pixels compared in the second search: every n-th of each axis, so that about so many remain along it. */
const comparedAlongEdge = 256
/** Brightness is scaled so that sums of squares keep their digits in float32. */
const greyScale = 1 / 64

export interface Registration {
  /** The picture moved onto its template, float32 `(N, C, h, w)`, 0 to 255. */
  aligned: Value
  /** 1 where the picture reaches, else 0: float32 `(N, 1, h, w)`. */
  valid: Value
  /** Which template, int64 `(N)`. */
  variant: Value
  /** That template, float32 `(N, C, h, w)`, 0 to 255: the graph holds the templates once, however often they are looked at. */
  template: Value
}

/** Adds the input `image` uint8 `(N, H, W, C)` and gives it as float32 `(N, C, h, w)`, 0 to 255, with the geometry's channels. */
export function addPlanes (builder: GraphBuilder, { height, width, channels }: TemplateGeometry): Value {
  const image = builder.input('image', 'uint8', ['N', 'H', 'W', 'C'])
  const planes = builder.node('Transpose', [image], { perm: [0, 3, 1, 2] })
  const shape = builder.node('Concat', [builder.node('Shape', [planes], { start: 0, end: 2 }), builder.whole(height, width)], { axis: 0 })
  const resized = builder.node('Resize', [planes, '', '', shape], { mode: 'linear', antialias: 1, exclude_outside: 1, coordinate_transformation_mode: 'half_pixel' })
  const numbers = builder.node('Cast', [resized], { to: wireNumber('float32') })
  return channels === 1 ? builder.node('ReduceMean', [numbers, builder.whole(1)], { keepdims: 1 }) : builder.node('Expand', [numbers, builder.whole(1, 3, 1, 1)])
}

/** Of `numbers` uint8 `(K, C, h, w)`, which the graph then holds, those of the variant as float32 `(N, C, h, w)`. @param variant int64 `(N)`. */
export function addChosen (builder: GraphBuilder, numbers: Uint8Array, name: string, variant: Value, { height, width, channels }: TemplateGeometry): Value {
  const all = builder.constant(numbers, [numbers.length / (channels * height * width), channels, height, width], name)
  return builder.node('Cast', [builder.node('Gather', [all, variant], { axis: 0 })], { to: wireNumber('float32') })
}

/** @param templates uint8 `(K, C, h, w)`. */
export function addRegistration (builder: GraphBuilder, planes: Value, templates: Uint8Array, geometry: TemplateGeometry): Registration {
  const { height, width, channels, shift, coarse } = geometry
  const chosen = (variant: Value): Pick<Registration, 'variant' | 'template'> => ({ variant, template: addChosen(builder, templates, 'mean', variant, geometry) })
  const count = templates.length / (channels * height * width)
  if (shift === 0 && count === 1) {
    const batch = builder.node('Shape', [planes], { start: 0, end: 1 })
    const valid = builder.constant(new Float32Array(height * width).fill(1), [1, 1, height, width], 'everywhere')
    return { aligned: planes, valid, ...chosen(builder.node('Expand', [builder.whole(0), batch])) }
  }
  const first = addCoarseSearch(builder, planes, templates, geometry)
  const found = chosen(first.variant)
  if (shift === 0) return { ...addMoved(builder, planes, first.offsets, geometry), ...found }
  const { aligned } = addMoved(builder, planes, first.offsets, geometry)
  const second = addFineSearch(builder, aligned, found.template, coarse / 2 + 1, geometry)
  const offsets = builder.node('Add', [first.offsets, second])
  return { ...addMoved(builder, planes, offsets, geometry), ...found }
}

/** Offsets int64 `(N, 2)`, rows and columns: where in the picture the template's origin lies. */
function addCoarseSearch (builder: GraphBuilder, planes: Value, templates: Uint8Array, geometry: TemplateGeometry): { variant: Value, offsets: Value } {
  const { height, width, channels, coarse } = geometry
  const radius = coarseRadius(geometry)
  const steps = 2 * radius + 1
  const [windowHeight, windowWidth] = [height / coarse - 2 * radius, width / coarse - 2 * radius]
  const { kernels, squares } = coarseKernels(templates, geometry, radius)
  const averages = builder.node('AveragePool', [planes], { kernel_shape: [coarse, coarse], strides: [coarse, coarse] })
  const centred = builder.node('Mul', [builder.node('Sub', [averages, builder.node('ReduceMean', [averages, builder.whole(2, 3)], { keepdims: 1 })]), builder.scalar(greyScale)])
  // |x - t|² = |x|² - 2 x·t + |t|², the last two as one convolution.
  const products = builder.node('Conv', [centred, builder.constant(kernels, [squares.length, channels, windowHeight, windowWidth], 'coarse-templates'), builder.constant(squares, [squares.length], 'squares')])
  const own = builder.node('Mul', [
    builder.node('AveragePool', [builder.node('ReduceSumSquare', [centred, builder.whole(1)], { keepdims: 1 })], { kernel_shape: [windowHeight, windowWidth], strides: [1, 1] }),
    builder.scalar(windowHeight * windowWidth)
  ])
  const index = builder.node('ArgMin', [builder.node('Reshape', [builder.node('Add', [products, own]), builder.whole(0, -1)])], { axis: 1, keepdims: 1 })
  const offsets = builder.node('Mul', [builder.node('Sub', [splitIndex(builder, builder.node('Mod', [index, builder.whole(steps * steps)]), steps), builder.whole(radius)]), builder.whole(coarse)])
  return { variant: builder.node('Squeeze', [builder.node('Div', [index, builder.whole(steps * steps)]), builder.whole(1)]), offsets }
}

/** Offsets int64 `(N, 2)` of `moved` against `template`, both `(N, C, h, w)`. */
function addFineSearch (builder: GraphBuilder, moved: Value, template: Value, radius: number, { height, width }: TemplateGeometry): Value {
  const step = Math.max(1, Math.floor(Math.max(height, width) / comparedAlongEdge))
  const cut = (value: Value, dy: number, dx: number): Value => builder.node('Slice', [
    value, builder.whole(radius + dy, radius + dx), builder.whole(height - radius + dy, width - radius + dx), builder.whole(2, 3), builder.whole(step, step)
  ])
  const still = cut(template, 0, 0)
  const steps = 2 * radius + 1
  const differences = Array.from({ length: steps * steps }, (_, index) => {
    const difference = builder.node('Sub', [cut(moved, Math.floor(index / steps) - radius, index % steps - radius), still])
    return builder.node('ReduceMean', [builder.node('Mul', [difference, difference]), builder.whole(1, 2, 3)], { keepdims: 0 })
  })
  const all = builder.node('Concat', differences.map((difference) => builder.node('Unsqueeze', [difference, builder.whole(1)])), { axis: 1 })
  return builder.node('Sub', [splitIndex(builder, builder.node('ArgMin', [all], { axis: 1, keepdims: 1 }), steps), builder.whole(radius)])
}

/** `(N, 1)` to `(N, 2)`: row and column of a square of `steps` by `steps`. */
function splitIndex (builder: GraphBuilder, index: Value, steps: number): Value {
  return builder.node('Concat', [builder.node('Div', [index, builder.whole(steps)]), builder.node('Mod', [index, builder.whole(steps)])], { axis: 1 })
}

/** The picture seen from `offsets` on, its border repeated beyond. */
function addMoved (builder: GraphBuilder, planes: Value, offsets: Value, { height, width, channels }: TemplateGeometry): Pick<Registration, 'aligned' | 'valid'> {
  const along = (axis: number, length: number): { wanted: Value, found: Value } => {
    const offset = builder.node('Slice', [offsets, builder.whole(axis), builder.whole(axis + 1), builder.whole(1)])
    const wanted = builder.node('Add', [offset, builder.constant(BigInt64Array.from({ length }, (_, i) => BigInt(i)), [1, length], 'places')])
    return { wanted, found: builder.node('Clip', [wanted, builder.constant(BigInt64Array.of(0n), [], 'first'), builder.constant(BigInt64Array.of(BigInt(length - 1)), [], 'last')]) }
  }
  const [rows, columns] = [along(0, height), along(1, width)]
  const down = (value: Value): Value => builder.node('Unsqueeze', [value, builder.whole(2)])
  const across = (value: Value): Value => builder.node('Unsqueeze', [value, builder.whole(1)])
  const places = builder.node('Add', [builder.node('Mul', [down(rows.found), builder.whole(width)]), across(columns.found)])
  const index = builder.node('Expand', [builder.node('Reshape', [places, builder.whole(0, 1, height * width)]), builder.whole(1, channels, 1)])
  const flat = builder.node('GatherElements', [builder.node('Reshape', [planes, builder.whole(0, channels, height * width)]), index], { axis: 2 })
  const inside = builder.node('And', [down(builder.node('Equal', [rows.wanted, rows.found])), across(builder.node('Equal', [columns.wanted, columns.found]))])
  return {
    aligned: builder.node('Reshape', [flat, builder.whole(0, channels, height, width)]),
    valid: builder.node('Unsqueeze', [builder.node('Cast', [inside], { to: wireNumber('float32') }), builder.whole(1)])
  }
}

/** `-2 t` and `|t|²` of the averaged templates without their border, each channel about its mean. */
function coarseKernels (templates: Uint8Array, { height, width, channels, coarse }: TemplateGeometry, radius: number): { kernels: Float32Array, squares: Float32Array } {
  const [rows, columns] = [height / coarse - 2 * radius, width / coarse - 2 * radius]
  const planes = templates.length / (height * width)
  const kernels = new Float32Array(planes * rows * columns)
  const squares = new Float32Array(planes / channels)
  for (let plane = 0; plane < planes; plane++) {
    const window = kernels.subarray(plane * rows * columns, (plane + 1) * rows * columns)
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        let sum = 0
        for (let y = 0; y < coarse; y++) {
          const start = (plane * height + (row + radius) * coarse + y) * width + (column + radius) * coarse
          for (let x = 0; x < coarse; x++) sum += templates[start + x] as number
        }
        window[row * columns + column] = sum * greyScale / coarse ** 2
      }
    }
    const mean = window.reduce((sum, value) => sum + value, 0) / window.length
    let square = 0
    window.forEach((value, i) => {
      square += (value - mean) ** 2
      window[i] = -2 * (value - mean)
    })
    const template = Math.floor(plane / channels)
    squares[template] = (squares[template] as number) + square
  }
  return { kernels, squares }
}
