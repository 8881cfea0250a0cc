/** What an evaluation that was interrupted, or failed on the way, is of. */
import type { EvaluationReport } from '../../schemas/evaluation.ts'

/** A sentence; `null` of one that is whole. */
export function incompleteText ({ partial, done }: Pick<EvaluationReport, 'partial' | 'done'>): string | null {
  if (partial !== true) return null
  const explained = done?.toExplain === undefined ? '' : `, ${done.explained ?? 0} of ${done.toExplain} defects explained`
  return `Incomplete, as it was interrupted or failed on the way${done === undefined ? '' : `: ${done.scored} of ${done.toScore} test pictures scored${explained}`}.`
}
