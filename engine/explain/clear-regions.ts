/** The regions of an explanation that are worth a frame: a map of few masks has many weak ones, which surround nothing. */
import type { Region } from '../../schemas/inspection.ts'
import { findRegions, type RegionOptions } from '../decision/regions.ts'

const mostRegions = 3

/** At most three, highest peak first, each with a peak at least half-way from the limit to 1, the highest value of a map; `map.values` is `(height, width)` in [0, 1]. */
export function clearRegions (map: { values: Float32Array, height: number, width: number }, options: Omit<RegionOptions, 'maximum'>): Region[] {
  return findRegions(map, { ...options, maximum: mostRegions }).filter(({ peak }) => peak >= (options.limit + 1) / 2)
}
