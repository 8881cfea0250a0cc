/**
 * What continual learning is judged by. Throughout, `a[i][j]` is the accuracy (or AUROC) on task j after learning task i, both from 0,
 * tasks not seen yet included.
 */
import { GoodpartsError } from '../../errors.ts'

export type AccuracyTable = ReadonlyArray<readonly number[]>

/** `mean_j a[T][j]`. */
export function endAccuracy (table: AccuracyTable): number {
  return mean(Array.from(lastRow(table)))
}

/** Mean over time of the mean over the tasks seen so far: `mean_i mean_{j≤i} a[i][j]`. */
export function averageAccuracy (table: AccuracyTable): number {
  return mean(table.map((row, i) => mean(row.slice(0, i + 1))))
}

/** Chaudhry et al. 2018: `mean_{j<T} (max_{i<T} a[i][j] - a[T][j])`; 0 with one task. */
export function forgetting (table: AccuracyTable): number {
  const last = lastRow(table)
  const before = table.slice(0, -1)
  return before.length === 0 ? 0 : mean(before.map((_, j) => Math.max(...before.map((row) => at(row, j))) - at(last, j)))
}

/** Lopez-Paz and Ranzato 2017: `mean_{j<T} (a[T][j] - a[j][j])`; 0 with one task. */
export function backwardTransfer (table: AccuracyTable): number {
  const last = lastRow(table)
  const before = table.slice(0, -1)
  return before.length === 0 ? 0 : mean(before.map((row, j) => at(last, j) - at(row, j)))
}

/**
 * Mean over all pairs of a task and a later one of what the first gave for the second before it was learned: `Σ_{i<j} (a[i][j] - b[j]) / (T(T-1)/2)`; 0 with one
 * task. `b[j]`, the accuracy at random initial weights, is subtracted as Lopez-Paz and Ranzato 2017 do; they take the pairs `(j-1, j)` alone.
 */
export function forwardTransfer (table: AccuracyTable, atRandom: readonly number[]): number {
  lastRow(table)
  const gains = table.flatMap((row, i) => row.slice(i + 1).map((value, ahead) => value - at(atRandom, i + 1 + ahead)))
  return gains.length === 0 ? 0 : mean(gains)
}

/** Mean over the classes present of the share of right answers. */
export function balancedAccuracy (answers: ReadonlyArray<{ label: string, answer: string | undefined }>): number {
  const right = new Map<string, { right: number, of: number }>()
  for (const { label, answer } of answers) {
    const count = right.get(label) ?? { right: 0, of: 0 }
    right.set(label, { right: count.right + (answer === label ? 1 : 0), of: count.of + 1 })
  }
  return mean([...right.values()].map((count) => count.right / count.of))
}

export function mean (values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function lastRow (table: AccuracyTable): readonly number[] {
  const last = table.at(-1)
  if (last === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected results after at least one task, got none')
  return last
}

function at (row: readonly number[], task: number): number {
  return row[task] ?? NaN
}
