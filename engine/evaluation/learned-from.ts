/** What a detector learned from, in words, for reports and tables. */
import type { EvaluationReport } from '../../schemas/evaluation.ts'
import { fewestToLearn } from '../detectors/hold-out.ts'

/** Shares of the good pictures that a learning curve is learned from, before all of them. */
export const shares = [0.25, 0.5, 0.75]
const shareNames = ['a quarter', 'a half', 'three quarters']

/** As the fit says it. A report from before this was kept has the pictures of the data set only. */
export function learnedText ({ training, dataset }: Pick<EvaluationReport, 'training' | 'dataset'>): string {
  if (training === undefined) return `Learned from ${dataset.train + dataset.calibration} good images, some of them to calibrate`
  return `Learned from ${training.images} good images, calibrated on ${training.calibrationImages} others`
}

/** Why a curve has fewer points than there are shares; empty where it has all. @param points Of the curve, that of all pictures among them. */
export function missingShares (points: number): string {
  // Those that leave too few are the smallest.
  const missing = shareNames.slice(0, shares.length + 1 - points)
  return missing.length === 0 ? '' : `No point at ${missing.join(' and ')} of the good parts: fewer than the ${fewestToLearn} that a detector needs would be left to learn from.`
}
