/** Learning curves as a table, one row for each detector, and why shares are missing. */
import { missingShares } from '../engine/evaluation/learned-from.ts'
import type { LearningCurvePoint } from '../schemas/evaluation.ts'
import { textTable } from './text-table.ts'

export function curveTable (curves: ReadonlyArray<{ detector: string, curve: readonly LearningCurvePoint[] }>): string {
  const counts = [...new Set(curves.flatMap(({ curve }) => curve.map(({ images }) => images)))].sort((a, b) => a - b)
  const table = textTable(['good parts learned from', ...counts.map(String)], curves.map(({ detector, curve }) =>
    [detector, ...counts.map((count) => curve.find(({ images }) => images === count)?.imageAuroc?.toFixed(4) ?? '–')]))
  const missing = missingShares(Math.min(...curves.map(({ curve }) => curve.length)))
  return missing === '' ? table : `${table}\n${missing}`
}
