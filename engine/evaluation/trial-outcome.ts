/** What became of a candidate that was tried, for people: beside its separation, "behind" would contradict the figures where the lead is only too small. */
import type { ScaleTrial } from '../../schemas/bundle.ts'

const aheadByTooLittle = 'ahead by too little'

export function trialOutcome ({ outcome, proxyAuroc }: ScaleTrial, trials: readonly ScaleTrial[]): string {
  const chosen = trials.find((trial) => trial.chosen)?.proxyAuroc ?? 1
  return outcome.startsWith('behind') && (proxyAuroc ?? 0) > chosen ? aheadByTooLittle : outcome
}

/** What to say below a table of them; `null` where all outcomes speak for themselves. */
export function trialNote (trials: readonly ScaleTrial[]): string | null {
  if (trials.every((trial) => trialOutcome(trial, trials) !== aheadByTooLittle)) return null
  return `${aheadByTooLittle}: drawn defects cannot tell so near separations apart, or only fewer of them were tried; such a lead decides nothing.`
}
