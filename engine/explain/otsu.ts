/** Otsu's threshold (Otsu 1979, eq. 18): the level that splits values in [0, 1] into the two classes with the largest variance between them. */
const bins = 256

/** The middle of the levels that are all equally best. `null` where all values lie in one bin. */
export function otsuThreshold (values: ArrayLike<number>): number | null {
  const counts = new Float64Array(bins)
  let total = 0
  for (let i = 0; i < values.length; i++) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor((values[i] as number) * bins)))
    counts[bin] = (counts[bin] as number) + 1
    total += bin
  }
  let [below, sumBelow, best] = [0, 0, 0]
  let [first, last] = [-1, -1]
  for (let level = 0; level < bins - 1; level++) {
    below += counts[level] as number
    sumBelow += level * (counts[level] as number)
    const above = values.length - below
    if (below === 0 || above === 0) continue
    const variance = below * above * (sumBelow / below - (total - sumBelow) / above) ** 2
    if (variance > best * (1 + 1e-12)) [best, first, last] = [variance, level, level]
    else if (variance >= best * (1 - 1e-12)) last = level
  }
  return first < 0 ? null : ((first + last) / 2 + 1) / bins
}
