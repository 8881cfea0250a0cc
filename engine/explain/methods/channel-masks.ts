/** A layer's channels as masks. */
import { resampleMap } from '../../frame/resample-map.ts'
import type { SpatialLayer } from '../model/spatial-layers.ts'
import { stretched } from '../saliency-maths.ts'

export interface ChannelMask {
  channel: number
  /** Highest minus lowest activation. */
  range: number
  /** Enlarged to `(height, width)`, then stretched to [0, 1]. */
  mask (width: number, height: number): Float32Array
}

/** One for each channel of the activation `(C, h, w)` that is not constant. */
export function channelMasks (activation: Float32Array, { channels, height, width }: SpatialLayer): ChannelMask[] {
  const cells = height * width
  return Array.from({ length: channels }, (_, channel) => {
    const values = activation.subarray(channel * cells, (channel + 1) * cells)
    if (stretched(values) === null) return []
    const mask = (columns: number, rows: number): Float32Array => {
      const enlarged = resampleMap({ values, height, width }, columns, rows)
      return stretched(enlarged) ?? new Float32Array(columns * rows)
    }
    return [{ channel, mask, range: values.reduce((a, b) => Math.max(a, b), -Infinity) - values.reduce((a, b) => Math.min(a, b), Infinity) }]
  }).flat()
}
