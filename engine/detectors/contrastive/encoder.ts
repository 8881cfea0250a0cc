/** A small encoder and what trains it without labels, on crops of good parts. */
import type { Dimension, Value } from '../../graph/graph.ts'
import { convolution, globalAverage, linear, positionNorm, relu } from '../../training/network/layers.ts'
import { contrastiveLoss, crossEntropy } from '../../training/network/losses.ts'
import { NetworkBuilder, withValue } from '../../training/network/network-builder.ts'
import type { FeatureMap, Network } from '../../training/network/network-builder.ts'
import type { ContrastiveMethod, Pasted } from './options.ts'

export interface EncoderSettings {
  method: ContrastiveMethod
  /** Of `cutpaste`. */
  pasted: Pasted
  channels: 1 | 3
  width: number
}

/** Pixels per position of the features. */
export const encoderStride = 4
/** Of the projection that views are compared in. */
export const projectionWidth = 64
/** CSI's shifts: quarter turns. */
export const turns = 4
const temperature = 0.5

/** A crop untouched, with a piece pasted, with a scar. */
function pasteClasses (pasted: Pasted): number {
  return pasted === 'both' ? 3 : 2
}

/** Fine enough for defects much smaller than a crop: `(N, 4 width, H / 4, W / 4)`, each position sees 26 pixels around it. */
export function addEncoder (network: NetworkBuilder, picture: FeatureMap, width: number): FeatureMap {
  return addEncoderLevels(network, picture, width).last
}

/** The encoder's maps: `first` `(N, 2 width, H / 2, W / 2)`, `last` as `addEncoder` gives it. */
export function addEncoderLevels (network: NetworkBuilder, picture: FeatureMap, width: number): { first: FeatureMap, last: FeatureMap } {
  const halved = (level: number, input: FeatureMap): FeatureMap =>
    relu(network, positionNorm(network, `encoder.${level}.norm`, convolution(network, `encoder.${level}`, input, { channels: width * 2 ** level, kernel: 4, stride: 2, padding: 1, bias: false })))
  const first = halved(1, picture)
  const map = halved(2, first)
  const inner = relu(network, positionNorm(network, 'encoder.residual.norm', convolution(network, 'encoder.residual.first', map, { channels: map.channels, bias: false })))
  const outer = convolution(network, 'encoder.residual.second', inner, { channels: map.channels, gain: 1 })
  return { first, last: withValue(map, network.graph.node('Add', [map.value, outer.value])) }
}

/** From features `(…, 4 width)` to the space in which views are compared. */
export function addProjection (network: NetworkBuilder, features: Value, channels: number): Value {
  const hidden = network.graph.node('Relu', [linear(network, 'projection.first', features, { inputs: channels, outputs: channels })])
  return linear(network, 'projection.last', hidden, { inputs: channels, outputs: projectionWidth })
}

export function addShiftHead (network: NetworkBuilder, features: Value, channels: number): Value {
  return linear(network, 'shift', features, { inputs: channels, outputs: turns })
}

/** Crops per step, by the method: three kinds, two views, or two views of four turns. */
export function cropsPerStep ({ method, pasted }: Pick<EncoderSettings, 'method' | 'pasted'>, batch: number): number {
  if (method === 'cutpaste') return pasteClasses(pasted) * batch
  return method === 'simclr' ? 2 * batch : 2 * turns * batch
}

/** Input `crops` `(cropsPerStep, channels, patch, patch)`: kind by kind, or view by view and turn by turn inside. */
export function encoderTraining (settings: EncoderSettings, patch: number, batch: number): Network {
  const { method, channels, width } = settings
  const network = new NetworkBuilder(`contrastive ${method}`)
  const count = cropsPerStep(settings, batch)
  const map = addEncoder(network, network.map('crops', count, { channels, height: patch, width: patch }), width)
  const features = globalAverage(network, map)
  network.graph.output('loss', lossOf(network, settings, features, map.channels, count, batch), 'float32', [])
  return network.build()
}

function lossOf (network: NetworkBuilder, { method, pasted }: EncoderSettings, features: Value, channels: number, count: number, batch: number): Value {
  const { graph } = network
  const classOf = (classes: number): Value =>
    graph.constant(Float32Array.from({ length: count * classes }, (_, index) => Math.floor(Math.floor(index / classes) / batch) % classes === index % classes ? 1 : 0), [count, classes])
  if (method === 'cutpaste') {
    const hidden = graph.node('Relu', [linear(network, 'paste.first', features, { inputs: channels, outputs: channels })])
    return crossEntropy(network, linear(network, 'paste.last', hidden, { inputs: channels, outputs: pasteClasses(pasted) }), classOf(pasteClasses(pasted)))
  }
  const views = contrastiveLoss(network, addProjection(network, features, channels), count, temperature)
  return method === 'simclr' ? views : graph.node('Add', [views, crossEntropy(network, addShiftHead(network, features, channels), classOf(turns))])
}

const neighbourhood = 3

/**
 * `picture` `(N, channels, size, size)` to `features` `(N, P, 4 width)`, row by row, the mean of 3 × 3 positions; with CSI also to `projection`
 * `(N, P, 64)` and `shift` `(N, P, 4)`.
 */
export function featureNetwork ({ method, channels, width }: EncoderSettings, size: number, batch: Dimension): Network {
  const network = new NetworkBuilder('contrastive features')
  const { graph } = network
  const map = addEncoder(network, network.map('picture', batch, { channels, height: size, width: size }), width)
  const around = graph.node('AveragePool', [map.value], { kernel_shape: [neighbourhood, neighbourhood], strides: [1, 1], pads: [1, 1, 1, 1], count_include_pad: 0 })
  const positions = map.height * map.width
  const features = graph.node('Transpose', [graph.node('Reshape', [around, graph.whole(0, map.channels, positions)])], { perm: [0, 2, 1] })
  graph.output('features', features, 'float32', [batch, positions, map.channels])
  if (method === 'csi') {
    graph.output('projection', addProjection(network, features, map.channels), 'float32', [batch, positions, projectionWidth])
    graph.output('shift', addShiftHead(network, features, map.channels), 'float32', [batch, positions, turns])
  }
  return network.build()
}
