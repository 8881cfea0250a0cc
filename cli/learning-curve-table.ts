/** Learning curves as a table, one row for each detector. */
import type { LearningCurvePoint } from '../schemas/evaluation.ts'
import { textTable } from './text-table.ts'

export function curveTable (curves: ReadonlyArray<{ detector: string, curve: readonly LearningCurvePoint[] }>): string {
  const counts = [...new Set(curves.flatMap(({ curve }) => curve.map(({ images }) => images)))].sort((a, b) => a - b)
  return textTable(['good parts learned from', ...counts.map(String)], curves.map(({ detector, curve }) =>
    [detector, ...counts.map((count) => curve.find(({ images }) => images === count)?.imageAuroc?.toFixed(4) ?? '–')]))
}
