/** Blocks of several layers: with group normalisation, but those of MobileNets with batch normalisation. */
import { batchNorm, convolution, enlarge, groupNorm, relu, relu6 } from './layers.ts'
import type { ConvolutionSettings, Statistics } from './layers.ts'
import { withValue } from './network-builder.ts'
import type { FeatureMap, NetworkBuilder } from './network-builder.ts'

/** Convolution, group normalisation, rectifier. */
export function convolutionBlock (network: NetworkBuilder, name: string, input: FeatureMap, settings: ConvolutionSettings): FeatureMap {
  const convolved = convolution(network, `${name}.convolution`, input, { ...settings, bias: false })
  return relu(network, groupNorm(network, `${name}.norm`, convolved))
}

export interface BlockSettings {
  channels: number
  /** Of the first convolution; 1 or 2. */
  stride?: number
}

/** Two 3 × 3 convolutions around a shortcut (He et al. 2016), the shortcut a 1 × 1 convolution where the shape changes. */
export function residualBlock (network: NetworkBuilder, name: string, input: FeatureMap, { channels, stride = 1 }: BlockSettings): FeatureMap {
  const first = convolutionBlock(network, `${name}.first`, input, { channels, stride })
  const second = groupNorm(network, `${name}.second.norm`, convolution(network, `${name}.second.convolution`, first, { channels, bias: false, gain: 1 }))
  const shortcut = channels === input.channels && stride === 1
    ? input
    : groupNorm(network, `${name}.shortcut.norm`, convolution(network, `${name}.shortcut.convolution`, input, { channels, kernel: 1, stride, bias: false, gain: 1 }))
  return relu(network, withValue(second, network.graph.node('Add', [second.value, shortcut.value])))
}

/** Convolution, batch normalisation, rectifier that ends at 6. */
export function mobileBlock (network: NetworkBuilder, name: string, input: FeatureMap, settings: ConvolutionSettings, statistics: Statistics): FeatureMap {
  const convolved = convolution(network, `${name}.convolution`, input, { ...settings, bias: false })
  return relu6(network, batchNorm(network, `${name}.norm`, convolved, statistics))
}

export interface InvertedSettings extends BlockSettings {
  /** Channels inside for each that comes in; default 6. */
  expansion?: number
}

/**
 * Inverted residual (MobileNetV2, Sandler et al. 2018, § 3.3): a 1 × 1 convolution to more channels, a depthwise 3 × 3 one, and a 1 × 1 one back
 * without a rectifier; around them a shortcut where the shape stays.
 */
export function invertedResidualBlock (network: NetworkBuilder, name: string, input: FeatureMap, { channels, stride = 1, expansion = 6 }: InvertedSettings, statistics: Statistics): FeatureMap {
  const inside = expansion * input.channels
  const wide = mobileBlock(network, `${name}.expand`, input, { channels: inside, kernel: 1 }, statistics)
  const filtered = mobileBlock(network, `${name}.depthwise`, wide, { channels: inside, stride, groups: inside }, statistics)
  const projected = convolution(network, `${name}.project.convolution`, filtered, { channels, kernel: 1, bias: false, gain: 1 })
  const narrow = batchNorm(network, `${name}.project.norm`, projected, statistics)
  return channels === input.channels && stride === 1 ? withValue(narrow, network.graph.node('Add', [narrow.value, input.value])) : narrow
}

/** One step of a decoder: twice the size, then a convolution block. Resize and convolution leave no chequerboard (Odena et al. 2016). */
export function upsamplingBlock (network: NetworkBuilder, name: string, input: FeatureMap, channels: number): FeatureMap {
  return convolutionBlock(network, name, enlarge(network, input), { channels })
}
