/** Shape arithmetic: the numbers of small values that follow from constants and shapes alone. */
import { numbersOf } from '../constant-numbers.ts'
import type { ConstantTensor } from '../graph.ts'
import { sizeOf } from '../node-view.ts'
import type { NodeView, Shape } from '../node-view.ts'
import { cutsOf, permutationOf } from './layout.ts'
import type { OutputType } from './rule.ts'

/** More numbers than this are no shape. */
const largest = 1024

type Evaluate = (view: NodeView, output: OutputType) => number[] | null

/** The numbers of a constant that may take part in shape arithmetic. */
export function smallNumbers (tensor: ConstantTensor): number[] | null {
  return sizeOf(tensor.dims) <= largest ? numbersOf(tensor) : null
}

/** The numbers of a node's only output, or `null` when they depend on data. */
export function knownNumbers (view: NodeView, output: OutputType): number[] | null {
  const evaluate = evaluations[view.node.operator]
  if (evaluate === undefined || view.node.outputs.length !== 1 || sizeOf(output.shape) > largest) return null
  const known = view.node.inputs.every((name, index) => name === '' || view.input(index).numbers !== null)
  return known || view.node.operator === 'Shape' || view.node.operator === 'Size' ? evaluate(view, output) : null
}

/** Where element `position` of a value of shape `to` lies in a value of shape `from` that broadcasts to it. */
function sourceOf (position: number, to: Shape, from: Shape): number {
  let index = 0
  let rest = position
  let stride = 1
  for (let axis = to.length - 1; axis >= 0; axis--) {
    const place = rest % (to[axis] as number)
    rest = Math.floor(rest / (to[axis] as number))
    const size = from[axis - to.length + from.length] ?? 1
    if (size !== 1) index += place * stride
    stride *= size
  }
  return index
}

function elementwise (operation: (...values: number[]) => number): Evaluate {
  return (view, output) => Array.from({ length: sizeOf(output.shape) }, (_, position) => {
    const value = operation(...view.node.inputs.map((_, index) => view.numbers(index)[sourceOf(position, output.shape, view.shape(index))] as number))
    return output.type === 'int64' || output.type === 'int32' ? Math.trunc(value) : output.type === 'bool' ? Number(value !== 0) : value
  })
}

const same: Evaluate = (view) => [...view.numbers(0)]

/** Rows of numbers before, along and after an axis. */
function along (shape: Shape, axis: number): { outer: number, size: number, inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), size: shape[axis] ?? 1, inner: sizeOf(shape.slice(axis + 1)) }
}

const evaluations: Readonly<Record<string, Evaluate>> = {
  Shape: (view, { shape: [count = 0] }) => view.shape(0).slice(view.whole('start', 0)).slice(0, count),
  Size: (view) => [sizeOf(view.shape(0))],
  Constant: ({ node: { attributes } }) => {
    const [attribute] = Object.values(attributes)
    if (attribute?.kind === 'tensor') return numbersOf(attribute.value)
    if (attribute?.kind === 'int' || attribute?.kind === 'float') return [Number(attribute.value)]
    return attribute?.kind === 'ints' || attribute?.kind === 'floats' ? attribute.value.map(Number) : null
  },
  ConstantOfShape: (view, { shape }) => {
    const value = view.node.attributes['value']
    const [number = 0] = value?.kind === 'tensor' ? numbersOf(value.value) ?? [] : []
    return Array.from({ length: sizeOf(shape) }, () => number)
  },
  Range: (view, { shape: [count = 0] }) => Array.from({ length: count }, (_, index) => (view.numbers(0)[0] as number) + index * (view.numbers(2)[0] as number)),
  Identity: same,
  Reshape: same,
  Flatten: same,
  Squeeze: same,
  Unsqueeze: same,
  Cast: elementwise((value) => value),
  Add: elementwise((a = 0, b = 0) => a + b),
  Sub: elementwise((a = 0, b = 0) => a - b),
  Mul: elementwise((a = 0, b = 0) => a * b),
  Div: elementwise((a = 0, b = 0) => a / b),
  Mod: elementwise((a = 0, b = 1) => ((a % b) + b) % b),
  Max: elementwise(Math.max),
  Min: elementwise(Math.min),
  Neg: elementwise((a = 0) => -a),
  Floor: elementwise((a = 0) => Math.floor(a)),
  Ceil: elementwise((a = 0) => Math.ceil(a)),
  Sqrt: elementwise((a = 0) => Math.sqrt(a)),
  Reciprocal: elementwise((a = 0) => 1 / a),
  Equal: elementwise((a = 0, b = 0) => Number(a === b)),
  Greater: elementwise((a = 0, b = 0) => Number(a > b)),
  Less: elementwise((a = 0, b = 0) => Number(a < b)),
  Not: elementwise((a = 0) => Number(a === 0)),
  And: elementwise((a = 0, b = 0) => Number(a !== 0 && b !== 0)),
  Or: elementwise((a = 0, b = 0) => Number(a !== 0 || b !== 0)),
  Where: elementwise((condition = 0, a = 0, b = 0) => condition !== 0 ? a : b),
  Expand: elementwise((value = 0) => value),
  ReduceProd: (view, { shape }) => sizeOf(shape) === 1 ? [view.numbers(0).reduce((product, value) => product * value, 1)] : null,
  ReduceSum: (view, { shape }) => sizeOf(shape) === 1 ? [view.numbers(0).reduce((sum, value) => sum + value, 0)] : null,
  Transpose: (view, { shape }) => {
    const perm = permutationOf(view)
    const from = view.shape(0)
    return Array.from({ length: sizeOf(shape) }, (_, position) => {
      const places = [...from]
      let rest = position
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        places[perm[axis] as number] = rest % (shape[axis] as number)
        rest = Math.floor(rest / (shape[axis] as number))
      }
      return view.numbers(0)[places.reduce((index, place, axis) => index * (from[axis] as number) + place, 0)] as number
    })
  },
  Concat: (view) => {
    const axis = view.axis(0)
    const { outer } = along(view.shape(0), axis)
    return Array.from({ length: outer }, (_, row) => view.node.inputs.flatMap((_, index) => {
      const width = along(view.shape(index), axis).size * along(view.shape(index), axis).inner
      return view.numbers(index).slice(row * width, (row + 1) * width)
    })).flat()
  },
  Gather: (view) => {
    const { outer, size, inner } = along(view.shape(0), view.axis(0))
    return Array.from({ length: outer }, (_, row) => view.numbers(1).flatMap((wanted) => {
      const from = (row * size + (wanted < 0 ? wanted + size : wanted)) * inner
      return view.numbers(0).slice(from, from + inner)
    })).flat()
  },
  Slice: (view) => cutsOf(view).reduce<{ numbers: readonly number[], shape: Shape }>(({ numbers, shape }, cut) => {
    const { outer, size, inner } = along(shape, cut.axis)
    const rows = Array.from({ length: outer }, (_, row) => Array.from({ length: cut.count }, (_, index) => {
      const from = (row * size + cut.start + index * cut.step) * inner
      return numbers.slice(from, from + inner)
    })).flat(2)
    return { numbers: rows, shape: shape.map((each, axis) => axis === cut.axis ? cut.count : each) }
  }, { numbers: view.numbers(0), shape: view.shape(0) }).numbers.slice()
}
