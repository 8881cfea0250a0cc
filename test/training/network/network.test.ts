import { describe, expect, it } from 'vitest'
import { encodeModel } from '../../../engine/graph/encode.ts'
import { normal, seededRandom } from '../../../engine/random.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'
import type { Tensor } from '../../../engine/runtime/onnx-runtime.ts'
import { convolutionBlock, residualBlock, upsamplingBlock } from '../../../engine/training/network/blocks.ts'
import { exportInference } from '../../../engine/training/network/export-inference.ts'
import { convolution, globalAverage, groupNorm, leakyRelu, linear, positionNorm } from '../../../engine/training/network/layers.ts'
import { NetworkBuilder } from '../../../engine/training/network/network-builder.ts'
import type { FeatureMap, Network } from '../../../engine/training/network/network-builder.ts'
import { initialWeights } from '../../../engine/training/network/parameter.ts'
import type { Weights } from '../../../engine/training/network/parameter.ts'

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
