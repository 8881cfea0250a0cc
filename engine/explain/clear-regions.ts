/** The regions of an explanation that are worth a frame: a map of few masks has many weak ones, which surround nothing. */
import type { Region } from '../../schemas/inspection.ts'
import { findRegions, type RegionOptions } from '../decision/regions.ts'

const mostRegions = 3

/**
 * At most three, highest peak first, each with a peak at least half-way from the limit to 1, the highest value of a map; the nearer to 1, the less of
 * what was planned was done. `map.values` is `(height, width)` in [0, 1]; `doneShare` in [0, 1].
 */
export function clearRegions (map: { values: Float32Array, height: number, width: number }, { doneShare, ...options }: Omit<RegionOptions, 'maximum'> & { doneShare: number }): Region[] {
  const least = 1 - (1 - options.limit) * doneShare / 2
  return findRegions(map, { ...options, maximum: mostRegions }).filter(({ peak }) => peak >= least)
}
