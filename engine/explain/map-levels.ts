import type { MapLevels } from '../../schemas/map-limits.ts'

/** The middle is told to this share of the range; the page, which has 256 levels, knows it less exactly. */
const LEVELS = 4096
/** One cell in so many, a prime and so no column of a map, tells where the middle is. */
const STRIDE = 13
/** Maps of fewer cells are counted whole. */
const ENOUGH = 4096

/** Lowest, middle and highest of the finite values, without sorting them, which takes longer than painting. The middle of none is 0; of a large map it is that of a thirteenth of its cells. */
export function levelsOf (values: Float32Array): MapLevels {
  let minimum = Infinity
  let maximum = -Infinity
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    // Only a finite number differs from itself by nothing.
    if (value - value !== 0) continue
    if (value < minimum) minimum = value
    if (value > maximum) maximum = value
  }
  if (minimum > maximum) return { minimum, median: 0, maximum }
  if (minimum === maximum) return { minimum, median: minimum, maximum }
  const counts = new Uint32Array(LEVELS + 1)
  const scale = LEVELS / (maximum - minimum)
  let count = 0
  for (let i = 0; i < values.length; i += values.length > STRIDE * ENOUGH ? STRIDE : 1) {
    const value = values[i] as number
    if (value - value !== 0) continue
    const level = Math.round((value - minimum) * scale)
    counts[level] = (counts[level] as number) + 1
    count++
  }
  if (count === 0) return { minimum, median: minimum, maximum }
  let level = 0
  for (let below = counts[0] as number; below <= count >> 1; below += counts[level] as number) level++
  return { minimum, median: minimum + level / scale, maximum }
}
