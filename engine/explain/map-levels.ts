import type { MapLevels } from '../../schemas/map-limits.ts'

/** The median is known to this share of the range; the page, which has 256 levels, knows it less exactly. */
const LEVELS = 4096

/** Lowest, middle and highest of the finite values, in two passes: sorting a map takes longer than painting it. The median of none is 0. */
export function levelsOf (values: Float32Array): MapLevels {
  let minimum = Infinity
  let maximum = -Infinity
  let count = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    if (!Number.isFinite(value)) continue
    count++
    if (value < minimum) minimum = value
    if (value > maximum) maximum = value
  }
  if (count === 0) return { minimum, median: 0, maximum }
  if (minimum === maximum) return { minimum, median: minimum, maximum }
  const counts = new Uint32Array(LEVELS + 1)
  const scale = LEVELS / (maximum - minimum)
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    if (!Number.isFinite(value)) continue
    const level = Math.round((value - minimum) * scale)
    counts[level] = (counts[level] as number) + 1
  }
  let level = 0
  for (let below = counts[0] as number; below <= count >> 1; below += counts[level] as number) level++
  return { minimum, median: minimum + level / scale, maximum }
}
