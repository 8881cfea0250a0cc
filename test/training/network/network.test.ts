import { describe, expect, it } from 'vitest'
import { encodeModel } from '../../../engine/graph/encode.ts'
import { gradient, gradientName } from '../../../engine/graph/gradient/gradient.ts'
import type { Graph } from '../../../engine/graph/graph.ts'
import { adamw } from '../../../engine/graph/optimisers/adamw.ts'
import { normal, seededRandom } from '../../../engine/random.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'
import type { Tensor } from '../../../engine/runtime/onnx-runtime.ts'
import { convolutionBlock, invertedResidualBlock, mobileBlock, residualBlock, upsamplingBlock } from '../../../engine/training/network/blocks.ts'
import { exportInference } from '../../../engine/training/network/export-inference.ts'
import { batchNorm, convolution, globalAverage, groupNorm, leakyRelu, linear, positionNorm } from '../../../engine/training/network/layers.ts'
import type { Statistics } from '../../../engine/training/network/layers.ts'
import { crossEntropy, meanOf } from '../../../engine/training/network/losses.ts'
import { NetworkBuilder } from '../../../engine/training/network/network-builder.ts'
import type { FeatureMap, Network } from '../../../engine/training/network/network-builder.ts'
import { initialWeights } from '../../../engine/training/network/parameter.ts'
import type { Weights } from '../../../engine/training/network/parameter.ts'
import { train } from '../../../engine/training/train.ts'

const size = { channels: 6, height: 10, width: 8 }

function networkOf (layers: (network: NetworkBuilder, input: FeatureMap) => FeatureMap): { network: Network, last: FeatureMap } {
  const builder = new NetworkBuilder('test')
  const last = layers(builder, builder.map('x', 'N', size))
  builder.graph.output('y', last.value, 'float32', ['N', last.channels, last.height, last.width])
  return { network: builder.build(), last }
}

function numbers (count: number, seed = 1): Float32Array {
  const random = seededRandom(seed)
  return Float32Array.from({ length: count }, () => 3 + 2 * normal(random))
}

const x: Tensor = { type: 'float32', dims: [2, 6, 10, 8], data: numbers(960) }

async function run (network: Network, weights: Weights): Promise<{ dims: readonly number[], data: Float32Array }> {
  const session = await openSession(encodeModel(network.graph))
  const parameters = Object.fromEntries(network.parameters.map(({ name, shape }): [string, Tensor] => [name, { type: 'float32', dims: shape, data: weights[name]! }]))
  const { y } = await session.run({ x, ...parameters })
  await session.close()
  return { dims: y!.dims, data: y!.data as Float32Array }
}

describe('layers', () => {
  it.each([
    ['convolution', (network: NetworkBuilder, map: FeatureMap) => convolution(network, 'a', map, { channels: 4, kernel: 4, stride: 2, padding: 1 })],
    ['convolutionBlock', (network: NetworkBuilder, map: FeatureMap) => convolutionBlock(network, 'a', map, { channels: 16, stride: 2 })],
    ['residualBlock', (network: NetworkBuilder, map: FeatureMap) => residualBlock(network, 'a', map, { channels: 16, stride: 2 })],
    ['residualBlock without a change', (network: NetworkBuilder, map: FeatureMap) => residualBlock(network, 'a', map, { channels: 6 })],
    ['mobileBlock, depthwise', (network: NetworkBuilder, map: FeatureMap) => mobileBlock(network, 'a', map, { channels: 6, groups: 6, stride: 2 }, 'running')],
    ['invertedResidualBlock', (network: NetworkBuilder, map: FeatureMap) => invertedResidualBlock(network, 'a', map, { channels: 4, stride: 2 }, 'running')],
    ['invertedResidualBlock without a change', (network: NetworkBuilder, map: FeatureMap) => invertedResidualBlock(network, 'a', map, { channels: 6, expansion: 2 }, 'running')],
    ['upsamplingBlock', (network: NetworkBuilder, map: FeatureMap) => upsamplingBlock(network, 'a', leakyRelu(network, map), 5)]
  ])('%s: the geometry that it states is the one that comes out, and weights as inputs or inside give the same', async (_name, layers) => {
    const { network, last } = networkOf(layers)
    const weights = initialWeights(network.parameters, 7)
    const asInputs = await run(network, weights)
    expect(asInputs.dims).toEqual([2, last.channels, last.height, last.width])
    const session = await openSession(encodeModel(exportInference(network, weights)))
    expect(session.inputNames).toEqual(['x'])
    const { y } = await session.run({ x })
    await session.close()
    const largest = Math.max(...asInputs.data.map((value) => Math.abs(value)))
    expect(Math.max(...(y!.data as Float32Array).map((value, i) => Math.abs(value - asInputs.data[i]!)))).toBeLessThan(1e-4 * largest)
  })

  it('groupNorm brings each group of channels to mean 0 and deviation 1', async () => {
    const { network } = networkOf((builder, map) => groupNorm(builder, 'norm', map, 4))
    const { data } = await run(network, initialWeights(network.parameters, 1))
    // 4 does not divide 6 channels, 3 does: groups of two channels.
    for (let group = 0; group < 6; group++) {
      const values = data.subarray(group * 160, (group + 1) * 160)
      const mean = values.reduce((sum, value) => sum + value, 0) / 160
      expect(mean).toBeCloseTo(0, 5)
      expect(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 160).toBeCloseTo(1, 3)
    }
  })

  it('positionNorm brings the channels of each position to mean 0 and deviation 1', async () => {
    const { network } = networkOf((builder, map) => positionNorm(builder, 'norm', map))
    const { data } = await run(network, initialWeights(network.parameters, 1))
    for (const position of [0, 17, 79]) {
      const values = [0, 1, 2, 3, 4, 5].map((channel) => data[channel * 80 + position]!)
      const mean = values.reduce((sum, value) => sum + value, 0) / 6
      expect(mean).toBeCloseTo(0, 5)
      expect(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 6).toBeCloseTo(1, 3)
    }
  })

  it('batchNorm brings each channel to mean 0 and deviation 1 over all pictures', async () => {
    const { network } = networkOf((builder, map) => batchNorm(builder, 'norm', map, 'batch'))
    const { data } = await run(network, initialWeights(network.parameters, 1))
    for (let channel = 0; channel < 6; channel++) {
      const values = [0, 1].flatMap((picture) => [...data.subarray((picture * 6 + channel) * 80, (picture * 6 + channel + 1) * 80)])
      const mean = values.reduce((sum, value) => sum + value, 0) / 160
      expect(mean).toBeCloseTo(0, 5)
      expect(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 160).toBeCloseTo(1, 3)
    }
  })

  it('a linear head is x · W + b on the means', async () => {
    const builder = new NetworkBuilder('head')
    const scores = linear(builder, 'head', globalAverage(builder, builder.map('x', 'N', size)), { inputs: 6, outputs: 3 })
    builder.graph.output('y', scores, 'float32', ['N', 3])
    const network = builder.build()
    const weights: Weights = { ...initialWeights(network.parameters, 3), 'head.bias': Float32Array.of(1, 2, 3) }
    const y = await run(network, weights)
    const means = Array.from({ length: 12 }, (_, i) => (x.data).subarray(i * 80, (i + 1) * 80).reduce((sum, value) => sum + value, 0) / 80)
    for (const picture of [0, 1]) {
      for (const output of [0, 1, 2]) {
        const expected = [0, 1, 2, 3, 4, 5].reduce((sum, i) => sum + means[picture * 6 + i]! * weights['head.weight']![i * 3 + output]!, output + 1)
        expect(y.data[picture * 3 + output]).toBeCloseTo(expected, 4)
      }
    }
  })
})

describe('an inverted residual block', () => {
  it('has a shortcut where the shape stays, and none where it changes', async () => {
    const { network } = networkOf((builder, map) => invertedResidualBlock(builder, 'a', map, { channels: 6 }, 'running'))
    const weights = initialWeights(network.parameters, 7)
    const silent = { ...weights, 'a.project.convolution.weight': new Float32Array(weights['a.project.convolution.weight']!.length) }
    expect((await run(network, silent)).data).toEqual(x.data)
    const { network: changed } = networkOf((builder, map) => invertedResidualBlock(builder, 'a', map, { channels: 6, stride: 2 }, 'running'))
    expect((await run(changed, silent)).data.every((value) => value === 0)).toBe(true)
  })

  it('its gradient is the slope that central differences measure, through the statistics of the batch', async () => {
    const { network } = networkOf((builder, map) => invertedResidualBlock(builder, 'a', map, { channels: 6, expansion: 2 }, 'batch'))
    const graph: Graph = { ...network.graph, inputs: network.graph.inputs.map((input) => input.name === 'x' ? { ...input, shape: x.dims } : input) }
    const learnt = network.parameters.filter(({ next }) => next === undefined)
    expect(network.parameters.length - learnt.length).toBe(6)
    const names = ['x', ...learnt.map(({ name }) => name)]
    const session = await openSession(encodeModel(gradient(graph, { of: 'y', withRespectTo: names, upstream: 'g' })))
    const shapes = new Map(network.parameters.map(({ name, shape }) => [name, shape]))
    // Shifts of zero would leave scales before a normalisation without a slope.
    const weights = Object.fromEntries(Object.entries(initialWeights(network.parameters, 7)).map(([name, data]) => [name, name.endsWith('.shift') ? numbers(data.length, 3) : data]))
    const at = Object.fromEntries(Object.entries({ ...weights, x: x.data, g: numbers(960, 4) })
      .map(([name, data]): [string, Tensor] => [name, { type: 'float32', dims: shapes.get(name) ?? x.dims, data }]))
    const found = await session.run(at)
    const value = async (feeds: Record<string, Tensor>): Promise<number> =>
      ((await session.run(feeds))['y']!.data as Float32Array).reduce((sum, each, i) => sum + each * Number(at['g']!.data[i]), 0)
    for (const name of names) {
      const point = at[name]!
      // The way that it points itself: there the slope is its length.
      const direction = found[gradientName(name)]!.data as Float32Array
      const length = Math.hypot(...direction)
      const step = 1e-3 * Math.hypot(...point.data as Float32Array, 1)
      const moved = (by: number): Record<string, Tensor> => ({ ...at, [name]: { ...point, type: 'float32', data: Float32Array.from(point.data as Float32Array, (each, i) => each + by * direction[i]! / length) } })
      const measured = (await value(moved(step)) - await value(moved(-step))) / (2 * step)
      expect(Math.abs(measured / length - 1), name).toBeLessThan(0.05)
    }
    await session.close()
  })

  it('learns in train steps, and with the statistics that they leave tells pictures one by one apart', { timeout: 60_000 }, async () => {
    const build = (statistics: Statistics, batch: number | 'N'): Network => {
      const builder = new NetworkBuilder('test')
      const { graph } = builder
      const map = invertedResidualBlock(builder, 'b', mobileBlock(builder, 'a', builder.map('x', batch, size), { channels: 8, stride: 2 }, statistics), { channels: 8, expansion: 2 }, statistics)
      const logits = linear(builder, 'head', globalAverage(builder, map), { inputs: 8, outputs: 2 })
      if (statistics === 'running') graph.output('y', logits, 'float32', [batch, 2])
      else graph.output('loss', crossEntropy(builder, logits, graph.input('targets', 'float32', [batch, 2])), 'float32', [])
      return builder.build()
    }
    // Rising or falling along the rows, among noise: alike in mean and deviation.
    const picture = (seed: number): Float32Array => numbers(480, seed).map((value, i) => value + (seed % 2 === 0 ? 1 : -1) * (Math.floor(i / 8) % 2 === 0 ? 1 : -1))
    const batch = (first: number): Float32Array => Float32Array.from(Array.from({ length: 8 }, (_, i) => [...picture(first + i)]).flat())
    const targets = Float32Array.from({ length: 16 }, (_, i) => Number(Math.floor(i / 2) % 2 === i % 2))
    const { weights, losses } = await train({
      network: build('batch', 8),
      optimiser: adamw({}),
      steps: 60,
      learningRate: () => 0.01,
      seed: 1,
      feeds: (step) => ({ x: { type: 'float32', dims: [8, 6, 10, 8], data: batch(8 * step) }, targets: { type: 'float32', dims: [8, 2], data: targets } })
    }, { threads: 1, step: () => Promise.resolve() })
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
    expect(mean(losses.slice(-10))).toBeLessThan(mean(losses.slice(0, 10)) / 4)
    const graph = exportInference(build('running', 'N'), weights)
    expect(graph.nodes.map(({ operator }) => operator)).not.toContain('BatchNormalization')
    const session = await openSession(encodeModel(graph))
    for (let seed = 1000; seed < 1016; seed++) {
      const { y } = await session.run({ x: { type: 'float32', dims: [1, 6, 10, 8], data: picture(seed) } })
      const [even, odd] = y!.data as Float32Array
      expect(even! > odd!).toBe(seed % 2 === 0)
    }
    await session.close()
  })
})

describe('running statistics', () => {
  it('follow those of the steps, by a tenth each', async () => {
    const network = new NetworkBuilder('test')
    const map = batchNorm(network, 'norm', network.map('x', 2, size), 'batch')
    network.graph.output('loss', meanOf(network, map.value), 'float32', [])
    const { weights } = await train({ network: network.build(), optimiser: adamw({}), steps: 3, learningRate: () => 0, seed: 1, feeds: () => ({ x }) }, { threads: 1, step: () => Promise.resolve() })
    for (let channel = 0; channel < 6; channel++) {
      const values = [0, 1].flatMap((picture) => [...(x.data).subarray((picture * 6 + channel) * 80, (picture * 6 + channel + 1) * 80)])
      const mean = values.reduce((sum, value) => sum + value, 0) / 160
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 160
      expect(weights['norm.mean']![channel]).toBeCloseTo(mean * (1 - 0.9 ** 3), 4)
      expect(weights['norm.variance']![channel]).toBeCloseTo(0.9 ** 3 + variance * (1 - 0.9 ** 3), 4)
    }
  })

  it('of a step are not folded away', () => {
    const { network } = networkOf((builder, map) => mobileBlock(builder, 'a', map, { channels: 4 }, 'batch'))
    expect(exportInference(network, initialWeights(network.parameters, 1)).nodes.map(({ operator }) => operator)).toContain('BatchNormalization')
  })
})

describe('initialWeights', () => {
  const parameters = networkOf((network, map) => convolution(network, 'b', convolution(network, 'a', map, { channels: 64 }), { channels: 64 })).network.parameters

  it('are of the deviation that rectifiers need, and zero for biases', () => {
    const weights = initialWeights(parameters, 1)
    const b = weights['b.weight']!
    expect(Math.sqrt(b.reduce((sum, value) => sum + value * value, 0) / b.length)).toBeCloseTo(Math.sqrt(2 / (64 * 9)), 3)
    expect(weights['b.bias']!.every((value) => value === 0)).toBe(true)
  })

  it('are the same for the same seed, and each parameter its own', () => {
    expect(initialWeights(parameters, 5)).toEqual(initialWeights(parameters, 5))
    expect(initialWeights(parameters, 5)['b.weight']).toEqual(initialWeights(parameters.slice(2), 5)['b.weight'])
    expect(initialWeights(parameters, 5)['a.weight']!.slice(0, 3)).not.toEqual(initialWeights(parameters, 6)['a.weight']!.slice(0, 3))
  })
})

describe('exportInference', () => {
  it('says which weights are missing', () => {
    const { network } = networkOf((builder, map) => convolution(builder, 'a', map, { channels: 2 }))
    expect(() => exportInference(network, {})).toThrow(/108 weights for a.weight, got none/)
  })
})
