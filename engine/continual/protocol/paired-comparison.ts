/** Differences between two methods run on the same seeds. */
import type { SeedDifference } from '../../../schemas/continual.ts'
import { GoodpartsError } from '../../errors.ts'

/** Two-sided 95 % points of Student's t with 1 to 30 degrees of freedom; beyond, the normal's is near enough from above. */
const studentPoints = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042]
const beyond = 2.042

/**
 * 95 % interval of the mean by Student's t over the seeds; without ends from one seed, which says nothing of the spread.
 * @throws GOODPARTS_ARGUMENT when the lists differ in length or are empty.
 */
export function pairedDifference (first: readonly number[], second: readonly number[]): SeedDifference {
  if (first.length !== second.length || first.length === 0) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected as many seeds of both, got ${first.length} and ${second.length}`)
  const differences = first.map((value, seed) => value - (second[seed] as number))
  const n = differences.length
  const mean = differences.reduce((sum, value) => sum + value, 0) / n
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1)
  const half = (studentPoints[n - 2] ?? beyond) * Math.sqrt(variance / n)
  return { mean, low: n < 2 ? null : mean - half, high: n < 2 ? null : mean + half, wins: differences.filter((value) => value > 0).length, seeds: n }
}
