import { describe, expect, it } from 'vitest'
import { float, GraphBuilder, type AttributeArguments } from '../../engine/graph/builder.ts'
import { wireNumber } from '../../engine/graph/element-types.ts'
import { gradient, gradientName } from '../../engine/graph/gradient/gradient.ts'
import { gradientOptionsFor } from '../../engine/graph/gradient/rule.ts'
import type { Graph, Value } from '../../engine/graph/graph.ts'
import { inferShapes } from '../../engine/graph/infer-shapes.ts'
import { normal, seededRandom } from '../../engine/random.ts'
import type { Tensor } from '../../engine/runtime/onnx-runtime.ts'
import { relativeDistance, runGraph } from './golden-file.ts'

type Shape = readonly number[]

interface Operation {
  name: string
  /** Shape of the input `x`. */
  shape: Shape
  /** Where it is newer than the house's. */
  operatorSet?: number
  build: (builder: GraphBuilder, x: Value) => Value
}

/** Of the operations' own constants. */
const random = seededRandom(11)
const size = (shape: Shape): number => shape.reduce((product, each) => product * each, 1)
const numbers = (shape: Shape, from = random): Float32Array => Float32Array.from({ length: size(shape) }, () => normal(from))
const tensor = (dims: Shape, data: Float32Array): Tensor => ({ type: 'float32', dims, data })
const dot = (left: Tensor, right: Tensor): number => Array.from(left.data, Number).reduce((sum, value, index) => sum + value * Number(right.data[index]), 0)

function one (operator: string, shape: Shape, attributes: AttributeArguments = {}, rest: ReadonlyArray<Float32Array | BigInt64Array | readonly [Float32Array, Shape] | null> = [], label = ''): Operation {
  return {
    name: `${operator}${label === '' ? '' : ` ${label}`}`,
    shape,
    build: (builder, x) => builder.node(operator, [x, ...rest.map((each) => {
      if (each === null) return ''
      return each instanceof Float32Array || each instanceof BigInt64Array ? builder.constant(each) : builder.constant(...each as [Float32Array, Shape])
    })], attributes)
  }
}

function whole (...values: number[]): BigInt64Array {
  return BigInt64Array.from(values, BigInt)
}

function prepare ({ build, shape, operatorSet }: Operation): { forward: Graph, output: Shape } {
  const builder = new GraphBuilder('operation')
  const y = build(builder, builder.input('x', 'float32', shape))
  builder.output('y', y, 'float32', null as unknown as Shape)
  const built = builder.build()
  const forward = operatorSet === undefined ? built : { ...built, operatorSets: { '': operatorSet } }
  return { forward, output: inferShapes(forward).get('y')!.shape }
}

const weights = (...dims: number[]): readonly [Float32Array, Shape] => [numbers(dims), dims]

const convolutions: Operation[] = []
for (const strides of [[1, 1], [2, 3]]) {
  for (const dilations of [[1, 1], [2, 1]]) {
    for (const group of [1, 2]) {
      for (const pads of [[0, 0, 0, 0], [2, 1, 0, 2]]) {
        const label = `strides ${strides.join(' ')}, dilations ${dilations.join(' ')}, groups ${group}, pads ${pads.join(' ')}`
        convolutions.push(one('Conv', [2, 4, 9, 8], { strides, dilations, group, pads }, [weights(6, 4 / group, 3, 2)], label))
      }
    }
  }
}

const linear: Operation[] = [
  ...convolutions,
  one('Conv', [1, 2, 7, 8], { auto_pad: 'SAME_UPPER', strides: [2, 2] }, [weights(3, 2, 3, 3)], 'same upper'),
  one('Conv', [1, 2, 7, 8], { auto_pad: 'SAME_LOWER', strides: [2, 3] }, [weights(3, 2, 4, 3)], 'same lower'),
  one('Conv', [1, 2, 7, 8], { auto_pad: 'VALID' }, [weights(3, 2, 3, 3)], 'valid'),
  one('ConvTranspose', [1, 4, 3, 4], { strides: [2, 2], pads: [0, 1, 1, 0], group: 2 }, [weights(4, 3, 3, 3)], 'uneven pads'),
  one('ConvTranspose', [1, 4, 3, 4], { strides: [3, 2], dilations: [2, 2], output_padding: [2, 1] }, [weights(4, 3, 2, 2)], 'dilated'),
  one('ConvTranspose', [1, 2, 3, 4], { strides: [2, 2], output_shape: [7, 8] }, [weights(2, 3, 3, 3)], 'to a shape'),
  one('AveragePool', [1, 2, 7, 8], { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 0, 1] }, [], 'uneven pads'),
  one('AveragePool', [1, 2, 7, 8], { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }, [], 'same'),
  one('AveragePool', [1, 2, 8, 8], { kernel_shape: [2, 2], strides: [3, 3] }, [], 'with gaps'),
  one('GlobalAveragePool', [2, 3, 4, 5]),
  ...['half_pixel', 'asymmetric', 'align_corners', 'pytorch_half_pixel'].flatMap((transformation) => [
    one('Resize', [1, 2, 4, 5], { mode: 'linear', coordinate_transformation_mode: transformation }, [null, Float32Array.of(1, 1, 1.5, 0.6)], `linear ${transformation}`),
    ...['floor', 'ceil', 'round_prefer_floor', 'round_prefer_ceil'].map((rounding) =>
      one('Resize', [1, 2, 4, 5], { mode: 'nearest', coordinate_transformation_mode: transformation, nearest_mode: rounding }, [null, null, whole(1, 2, 7, 3)], `${rounding} ${transformation}`))
  ]),
  one('Resize', [1, 2, 4, 5], { mode: 'cubic' }, [null, null, whole(1, 2, 7, 9)], 'cubic'),
  one('Resize', [1, 2, 4, 5], { mode: 'cubic', exclude_outside: 1 }, [null, null, whole(1, 2, 7, 9)], 'cubic, nothing from outside'),
  ...['not_larger', 'not_smaller'].map((policy) =>
    one('Resize', [1, 2, 4, 5], { mode: 'linear', keep_aspect_ratio_policy: policy, axes: [2, 3] }, [null, null, whole(7, 7)], policy)),
  one('Resize', [1, 2, 3, 3], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }, [null, Float32Array.of(1, 1, 2, 2)], 'doubled'),
  one('Slice', [5, 6], {}, [whole(4, -1), whole(-100, 0), whole(0, 1), whole(-2, -3)], 'backwards'),
  one('Slice', [5, 6], {}, [whole(1), whole(2 ** 40), whole(-1), whole(2)], 'to the end'),
  one('Tile', [2, 3], {}, [whole(2, 3)]),
  one('Transpose', [2, 3, 4]),
  one('CumSum', [3, 4], { exclusive: 1, reverse: 1 }, [whole(1)]),
  one('Trilu', [4, 4], { upper: 0 }, [[whole(1) as unknown as Float32Array, []]]),
  one('DepthToSpace', [1, 8, 2, 3], { blocksize: 2, mode: 'CRD' }, [], 'CRD'),
  one('DepthToSpace', [1, 8, 2, 3], { blocksize: 2 }),
  one('SpaceToDepth', [1, 2, 4, 6], { blocksize: 2 }),
  one('MatMul', [3, 4], {}, [weights(4, 2)]),
  one('Gemm', [4, 3], { transA: 1, transB: 1, alpha: float(0.5) }, [weights(5, 4)], 'both transposed'),
  one('Gemm', [4, 3], { transA: 1, alpha: float(2) }, [weights(4, 5)], 'left transposed'),
  one('ReduceSum', [2, 3, 4], { keepdims: 0 }, [whole(-1, 0)]),
  one('ReduceMean', [2, 3, 4], {}, [], 'of all'),
  one('Pad', [2, 3], { mode: 'reflect' }, [whole(1, 2, 0, 1)], 'reflect'),
  // The length stays, the places do not.
  ...['reflect', 'edge', 'wrap'].flatMap((mode) => [[-1, 1], [1, -1], [-2, 2], [2, -2]].map(([before = 0, after = 0]) =>
    one('Pad', [2, 5], { mode }, [whole(0, before, 0, after)], `${mode}, ${before} before and ${after} after`))),
  { name: 'Split into uneven parts', shape: [7, 2], build: (builder, x) => builder.node('Concat', builder.nodes('Split', [x], 3, { attributes: { num_outputs: 3, axis: 0 } }).reverse(), { axis: 0 }) },
  { name: 'Split, one part', shape: [7, 2], build: (builder, x) => builder.nodes('Split', [x], 3, { attributes: { num_outputs: 3, axis: 0 } })[1]! },
  { name: 'Sum and Mean', shape: [3, 2], build: (builder, x) => builder.node('Sum', [x, builder.node('Mean', [x, builder.node('Neg', [x]), x]), builder.node('ReduceSum', [x, builder.whole(0)])]) },
  { name: 'Gather with a scalar', shape: [3, 4, 2], build: (builder, x) => builder.node('Gather', [x, builder.constant(whole(-1), [])], { axis: 1 }) },
  one('Dropout', [3, 4], {}, [[Float32Array.of(0.5), []]], 'at rest'),
  { name: 'CastLike there and back', shape: [3, 4], build: (builder, x) => builder.node('CastLike', [builder.node('CastLike', [x, builder.node('Cast', [builder.scalar(0)], { to: wireNumber('float64') })]), x]) },
  { name: 'OneHot product', shape: [4, 3], build: (builder, x) => builder.node('Mul', [x, builder.node('OneHot', [builder.whole(2, 0, 1, 1), builder.whole(3), builder.constant(Float32Array.of(0, 2))])]) }
]

describe('of a linear operator the gradient is the adjoint: <f(x), g> = <x, f*(g)>', () => {
  it.each(linear)('$name', async (operation) => {
    const { forward, output } = prepare(operation)
    const own = seededRandom(11)
    const [x, g] = [tensor(operation.shape, numbers(operation.shape, own)), tensor(output, numbers(output, own))]
    for (const convolutionWeights of operation.name.startsWith('Conv') ? ['convolution', 'matrix'] as const : ['convolution'] as const) {
      const inputs = forward.nodes.find(({ operator }) => operator.startsWith('Conv'))?.inputs[1]
      const graph = gradient(forward, { of: 'y', withRespectTo: inputs === undefined ? ['x'] : ['x', inputs], upstream: 'g', convolutionWeights })
      const found = await runGraph(graph, { x, g })
      const scale = Math.sqrt(dot(found['y']!, found['y']!) * dot(g, g))
      expect(found[gradientName('x')]!.dims).toEqual(operation.shape)
      expect(Math.abs(dot(found['y']!, g) - dot(x, found[gradientName('x')]!)) / scale).toBeLessThan(1e-6)
      if (inputs !== undefined) {
        const w = tensor(graph.constants.get(inputs)!.dims, new Float32Array(graph.constants.get(inputs)!.bytes.slice().buffer))
        expect(Math.abs(dot(found['y']!, g) - dot(w, found[gradientName(inputs)]!)) / scale).toBeLessThan(1e-6)
      }
    }
  })
})

const curved: Operation[] = [
  one('GroupNormalization', [2, 4, 3, 3], { num_groups: 2 }, [Float32Array.of(1, 2), Float32Array.of(0.5, 0)]),
  { ...one('GroupNormalization', [2, 4, 3, 3], { num_groups: 2 }, [Float32Array.of(1, 2, 0.5, -1), Float32Array.of(0.5, 0, 1, 2)], 'that scales each channel'), operatorSet: 21 },
  one('InstanceNormalization', [2, 3, 4, 4], {}, [Float32Array.of(1, 2, 3), Float32Array.of(0.5, 0, 1)]),
  one('LayerNormalization', [2, 3, 4], { axis: 1 }, [weights(3, 4)], 'without shift'),
  one('LpNormalization', [3, 4], { axis: 1, p: 1 }),
  one('LpNormalization', [3, 4], { axis: 0, p: 2 }, [], '2'),
  one('Mish', [3, 5]),
  { ...one('Gelu', [3, 5]), operatorSet: 20 },
  { ...one('Gelu', [3, 5], { approximate: 'tanh' }, [], 'by tanh'), operatorSet: 20 },
  one('Selu', [3, 5]),
  one('Celu', [3, 5], { alpha: float(0.6) }),
  one('Softsign', [3, 5]),
  one('HardSigmoid', [3, 5], { alpha: float(0.3), beta: float(0.4) }),
  one('LeakyRelu', [3, 5]),
  one('ReduceSumSquare', [3, 5], {}, [whole(1)]),
  one('ReduceLogSumExp', [3, 5], { keepdims: 0 }, [whole(0)]),
  one('ReduceMax', [3, 5], {}, [], 'of all'),
  one('GlobalMaxPool', [2, 3, 4, 4]),
  one('MaxPool', [1, 2, 8, 7], { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 0, 1], dilations: [1, 2] }, [], 'uneven'),
  one('MaxPool', [1, 2, 5, 7], { kernel_shape: [3, 2], strides: [2, 1], storage_order: 1 }, [], 'that counts by columns'),
  {
    name: 'MaxPool whose own places count by columns',
    shape: [1, 2, 5, 7],
    build: (builder, x) => {
      const [largest, places] = builder.nodes('MaxPool', [x], 2, { attributes: { kernel_shape: [3, 2], storage_order: 1 } }) as [Value, Value]
      return builder.node('Mul', [largest, builder.node('Cast', [places], { to: wireNumber('float32') })])
    }
  },
  one('Softmax', [2, 3, 4], { axis: 0 }),
  one('Clip', [3, 5], {}, [null, [Float32Array.of(0.7), []]], 'above'),
  one('Clip', [3, 5], {}, [], 'nowhere'),
  ...['Round', 'Ceil', 'Sign'].map((operator): Operation => ({ name: `${operator} of a factor`, shape: [3, 4], build: (builder, x) => builder.node('Mul', [x, builder.node(operator, [x])]) })),
  ...['mean', 'sum', 'none'].map((reduction): Operation => ({
    name: `NegativeLogLikelihoodLoss, ${reduction}`,
    shape: [2, 4, 3],
    build: (builder, x) => builder.node('NegativeLogLikelihoodLoss',
      [builder.node('LogSoftmax', [x], { axis: 1 }), builder.constant(whole(0, 3, 1, -1, 2, 3), [2, 3]), builder.constant(Float32Array.of(1, 0.5, 2, 3))], { reduction, ignore_index: -1 })
  })),
  one('NegativeLogLikelihoodLoss', [3, 4], {}, [whole(2, 0, 3)], 'of one row each'),
  { name: 'TopK', shape: [3, 6], build: (builder, x) => builder.nodes('TopK', [x, builder.whole(2)], 2, { attributes: { axis: 1 } })[0]! },
  { name: 'Max of three', shape: [3, 4], build: (builder, x) => builder.node('Max', [x, builder.node('Neg', [x]), builder.scalar(0.3)]) },
  { name: 'Pow of a constant', shape: [3, 4], build: (builder, x) => builder.node('Pow', [builder.scalar(1.7), x]) },
  { name: 'ReduceLogSum', shape: [3, 4], build: (builder, x) => builder.node('ReduceLogSum', [builder.node('Exp', [x]), builder.whole(1)]) },
  { name: 'Where by its own value', shape: [3, 4], build: (builder, x) => builder.node('Where', [builder.node('Greater', [x, builder.scalar(0)]), builder.node('Exp', [x]), builder.node('Mul', [x, x])]) }
]

describe('along any direction the gradient is the slope that central differences measure', () => {
  it.each(curved)('$name', async (operation) => {
    const { forward, output } = prepare(operation)
    const own = seededRandom(11)
    const [x, direction, g] = [numbers(operation.shape, own), numbers(operation.shape, own), tensor(output, numbers(output, own))]
    const found = await runGraph(gradient(forward, { of: 'y', withRespectTo: ['x'], upstream: 'g' }), { x: tensor(operation.shape, x), g })
    const forGraphics = await runGraph(gradient(forward, { of: 'y', withRespectTo: ['x'], upstream: 'g', ...gradientOptionsFor('webgpu') }), { x: tensor(operation.shape, x), g })
    expect(relativeDistance(forGraphics[gradientName('x')], found[gradientName('x')]!)).toBeLessThan(1e-6)
    const plain = await runGraph(forward, { x: tensor(operation.shape, x) })
    found['y']!.data.forEach((value, index) => expect(value).toBeCloseTo(Number(plain['y']!.data[index]), 5))
    const step = 1e-3
    const [ahead, behind] = await Promise.all([1, -1].map(async (sign) =>
      dot((await runGraph(forward, { x: tensor(operation.shape, x.map((value, index) => value + sign * step * direction[index]!)) }))['y']!, g)))
    const slope = dot(found[gradientName('x')]!, tensor(operation.shape, direction))
    expect(Math.abs((ahead! - behind!) / (2 * step) - slope)).toBeLessThan(5e-3 * (1 + Math.abs(slope)))
  })
})
