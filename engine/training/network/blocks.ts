/** Blocks of several layers, with group normalisation throughout. */
import { convolution, enlarge, groupNorm, relu } from './layers.ts'
import type { ConvolutionSettings } from './layers.ts'
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

/** One step of a decoder: twice the size, then a convolution block. Resize and convolution leave no chequerboard (Odena et al. 2016). */
export function upsamplingBlock (network: NetworkBuilder, name: string, input: FeatureMap, channels: number): FeatureMap {
  return convolutionBlock(network, name, enlarge(network, input), { channels })
}
