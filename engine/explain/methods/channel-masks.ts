/** A layer's channels as masks. */
import type { SpatialLayer } from '../model/spatial-layers.ts'
import { stretched } from '../saliency-maths.ts'

export interface ChannelMask {
  channel: number
  /** `(height, width)` of the layer, in [0, 1]. */
  values: Float32Array
  height: number
  width: number
  /** Highest minus lowest activation. */
  range: number
}

/** One for each channel of the activation `(C, h, w)` that is not constant. */
export function channelMasks (activation: Float32Array, { channels, height, width }: SpatialLayer): ChannelMask[] {
  const cells = height * width
  return Array.from({ length: channels }, (_, channel) => {
    const own = activation.subarray(channel * cells, (channel + 1) * cells)
    const values = stretched(own)
    return values === null ? [] : [{ channel, values, height, width, range: own.reduce((a, b) => Math.max(a, b), -Infinity) - own.reduce((a, b) => Math.min(a, b), Infinity) }]
  }).flat()
}
