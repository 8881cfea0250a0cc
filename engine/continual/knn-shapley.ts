/** Shapley values of training points for a nearest-neighbour classifier (Jia et al. 2019, theorem 1; in replay: Shim et al. 2021). */
import { squaredDistance, ascending } from './vectors.ts'
import type { LabelledPoint } from './snnl.ts'

/**
 * What each candidate adds to the share of right labels among the `neighbours` (K) nearest of `point`; distances are Euclidean. With at
 * least K candidates the values add up to that share.
 */
function knnShapley (candidates: readonly LabelledPoint[], point: LabelledPoint, neighbours: number): Float64Array {
  const order = ascending(candidates.map(({ features }) => squaredDistance(features, point.features)))
  const right = order.map((index) => candidates[index]?.label === point.label ? 1 : 0)
  const values = new Float64Array(candidates.length)
  let value = (right.at(-1) ?? 0) / Math.max(neighbours, candidates.length)
  values[order.at(-1) ?? 0] = value
  for (let rank = order.length - 1; rank >= 1; rank--) {
    value += ((right[rank - 1] ?? 0) - (right[rank] ?? 0)) / neighbours * Math.min(neighbours, rank) / rank
    values[order[rank - 1] as number] = value
  }
  return values
}

/** The candidates' values summed over several points. */
export function knnShapleySum (candidates: readonly LabelledPoint[], points: readonly LabelledPoint[], neighbours: number): Float64Array {
  const sum = new Float64Array(candidates.length)
  for (const point of points) knnShapley(candidates, point, neighbours).forEach((value, index) => { sum[index] = (sum[index] as number) + value })
  return sum
}
