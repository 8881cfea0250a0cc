/** Single layers. All maps are `(N, C, H, W)`; N stays free. */
import { float } from '../../graph/builder.ts'
import type { Value } from '../../graph/graph.ts'
import { withValue } from './network-builder.ts'
import type { FeatureMap, NetworkBuilder } from './network-builder.ts'
import { rectifierGain } from './parameter.ts'

export interface ConvolutionSettings {
  channels: number
  /** Edge of the kernel; default 3. */
  kernel?: number
  stride?: number
  /** Parts of the channels, each of which is convolved by itself; default 1. As many as there are channels: a depthwise convolution. */
  groups?: number
  /** Pixels of zeros around; default keeps the size at stride 1. */
  padding?: number
  /** Default true; false before a normalisation, which has its own. */
  bias?: boolean
  /** √2 before a rectifier (the default), 1 elsewhere. */
  gain?: number
}

export function convolution (network: NetworkBuilder, name: string, input: FeatureMap, settings: ConvolutionSettings): FeatureMap {
  const { channels, kernel = 3, stride = 1, groups = 1, padding = Math.floor(kernel / 2), bias = true, gain = rectifierGain } = settings
  const fanIn = input.channels / groups * kernel * kernel
  const weight = network.parameter(`${name}.weight`, [channels, input.channels / groups, kernel, kernel], { kind: 'normal', fanIn, gain })
  const shift = bias ? [network.parameter(`${name}.bias`, [channels], { kind: 'constant', value: 0 })] : []
  const value = network.graph.node('Conv', [input.value, weight, ...shift], {
    kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [padding, padding, padding, padding], dilations: [1, 1], group: groups
  })
  const along = (size: number): number => Math.floor((size + 2 * padding - kernel) / stride) + 1
  return { value, channels, height: along(input.height), width: along(input.width) }
}

const normalisationEpsilon = 1e-5

/** What batch normalisation takes for mean and variance: those of the step's pictures, or those that the steps left. */
export type Statistics = 'batch' | 'running'

/** How much of the running statistics a step leaves. */
const statisticsMomentum = 0.9

/**
 * Batch normalisation (Ioffe and Szegedy 2015): each channel to mean 0 and variance 1 over pictures and positions, then scale and shift.
 * @param statistics `batch` in a train step, which carries the running ones on; `running` in a network that is used, where `exportInference` folds
 *   the layer into the convolution before it.
 */
export function batchNorm (network: NetworkBuilder, name: string, input: FeatureMap, statistics: Statistics): FeatureMap {
  const { graph } = network
  const parameter = (part: string, value: number): Value => network.parameter(`${name}.${part}`, [input.channels], { kind: 'constant', value })
  const [scale, shift, mean, variance] = [parameter('scale', 1), parameter('shift', 0), parameter('mean', 0), parameter('variance', 1)]
  const inputs = [input.value, scale, shift, mean, variance]
  const epsilon = float(normalisationEpsilon)
  if (statistics === 'running') return withValue(input, graph.node('BatchNormalization', inputs, { epsilon }))
  const attributes = { epsilon, momentum: float(statisticsMomentum), training_mode: 1 }
  const [value, nextMean, nextVariance] = graph.nodes('BatchNormalization', inputs, 3, { attributes }) as [Value, Value, Value]
  network.carry(mean, nextMean)
  network.carry(variance, nextVariance)
  return withValue(input, value)
}

/**
 * Group normalisation (Wu and He 2018), made of what has a gradient: each group of channels to mean 0 and variance 1, then scale and shift
 * per channel. Small groups of pictures train as well as large ones, and nothing has to be remembered for inference.
 * @param groups At most so many; the largest number below that divides the channels is taken.
 */
export function groupNorm (network: NetworkBuilder, name: string, input: FeatureMap, groups = 8): FeatureMap {
  const { graph } = network
  const { channels, height, width } = input
  let count = Math.min(groups, channels)
  while (channels % count !== 0) count--
  const grouped = graph.node('Reshape', [input.value, graph.whole(0, count, channels / count * height * width)])
  const centred = graph.node('Sub', [grouped, graph.node('ReduceMean', [grouped, graph.whole(2)], { keepdims: 1 })])
  const variance = graph.node('ReduceMean', [graph.node('Mul', [centred, centred]), graph.whole(2)], { keepdims: 1 })
  const deviation = graph.node('Sqrt', [graph.node('Add', [variance, graph.scalar(normalisationEpsilon)])])
  const even = graph.node('Reshape', [graph.node('Div', [centred, deviation]), graph.whole(0, channels, height, width)])
  const scale = network.parameter(`${name}.scale`, [1, channels, 1, 1], { kind: 'constant', value: 1 })
  const shift = network.parameter(`${name}.shift`, [1, channels, 1, 1], { kind: 'constant', value: 0 })
  return withValue(input, graph.node('Add', [graph.node('Mul', [even, scale]), shift]))
}

/**
 * Layer normalisation over the channels of each position by itself (Ba et al. 2016; per position as in ConvNeXt, Liu et al. 2022). What is
 * learnt on small crops then holds on whole pictures: no position's numbers depend on how much lies around it.
 */
export function positionNorm (network: NetworkBuilder, name: string, input: FeatureMap): FeatureMap {
  const { graph } = network
  const { channels } = input
  const axis = graph.whole(1)
  const centred = graph.node('Sub', [input.value, graph.node('ReduceMean', [input.value, axis], { keepdims: 1 })])
  const variance = graph.node('ReduceMean', [graph.node('Mul', [centred, centred]), axis], { keepdims: 1 })
  const even = graph.node('Div', [centred, graph.node('Sqrt', [graph.node('Add', [variance, graph.scalar(normalisationEpsilon)])])])
  const scale = network.parameter(`${name}.scale`, [1, channels, 1, 1], { kind: 'constant', value: 1 })
  const shift = network.parameter(`${name}.shift`, [1, channels, 1, 1], { kind: 'constant', value: 0 })
  return withValue(input, graph.node('Add', [graph.node('Mul', [even, scale]), shift]))
}

export function relu (network: NetworkBuilder, input: FeatureMap): FeatureMap {
  return withValue(input, network.graph.node('Relu', [input.value]))
}

/** The rectifier that ends at 6, which keeps its range in few bits (Howard et al. 2017). */
export function relu6 (network: NetworkBuilder, input: FeatureMap): FeatureMap {
  return withValue(input, network.graph.node('Clip', [input.value, network.graph.scalar(0), network.graph.scalar(6)]))
}

export function leakyRelu (network: NetworkBuilder, input: FeatureMap, slope = 0.2): FeatureMap {
  return withValue(input, network.graph.node('LeakyRelu', [input.value], { alpha: float(slope) }))
}

/** Twice the height and width, each value four times. */
export function enlarge (network: NetworkBuilder, input: FeatureMap): FeatureMap {
  const { graph } = network
  const value = graph.node('Resize', [input.value, '', graph.constant(Float32Array.of(1, 1, 2, 2), [4], 'scales')], {
    mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor'
  })
  return { ...input, value, height: 2 * input.height, width: 2 * input.width }
}

/** The mean over all positions, `(N, C)`. */
export function globalAverage (network: NetworkBuilder, input: FeatureMap): Value {
  return network.graph.node('ReduceMean', [input.value, network.graph.whole(2, 3)], { keepdims: 0 })
}

/** `x · W + b`, `(N, inputs)` to `(N, outputs)`. */
export function linear (network: NetworkBuilder, name: string, input: Value, { inputs, outputs, gain = 1 }: { inputs: number, outputs: number, gain?: number }): Value {
  const weight = network.parameter(`${name}.weight`, [inputs, outputs], { kind: 'normal', fanIn: inputs, gain })
  const bias = network.parameter(`${name}.bias`, [outputs], { kind: 'constant', value: 0 })
  return network.graph.node('Add', [network.graph.node('MatMul', [input, weight]), bias])
}
