/** What the choice found, for a person. */
import type { AugmentationChoice } from '../../../schemas/bundle.ts'
import { nuisances } from '../../training/augment/nuisances.ts'
import type { NuisanceName } from '../../training/augment/nuisances.ts'

const shiftWords: { [shift: string]: string } = {
  turns: 'Quarter turns',
  paste: 'Pasted pieces',
  scar: 'Pasted scars'
}

export function sentencesOf ({ nuisances: checked, shifts, sets, trainedOperators }: Omit<AugmentationChoice, 'sentences' | 'seconds'>): string[] {
  const chosen = sets.find((set) => set.chosen)
  return [
    ...checked.map(({ name, auroc, accepted }) => {
      const says = nuisances[name as NuisanceName].says
      return accepted
        ? `Good parts may be ones that ${says}: changed pictures are told from untouched ones by ${auroc.toFixed(2)} only (0.5 is chance).`
        : `Good parts are never ones that ${says}: changed pictures are told from untouched ones by ${auroc.toFixed(2)}, so ${name} is not used.`
    }),
    ...shifts.map(({ name, accuracy, accepted }) => accepted
      ? `${shiftWords[name] ?? name} are recognised on ${percent(accuracy)} of held-out pictures: they make something else of a part.`
      : `${shiftWords[name] ?? name} are recognised on ${percent(accuracy)} of held-out pictures only: to a frozen network these parts hardly change by them.`),
    ...(chosen === undefined ? [] : [`Of ${sets.length} sets tried, ${wordsOf(chosen)} separated drawn defects best or as well as any (${chosen.proxyAuroc.toFixed(3)}${trainedOperators.length === 0 ? '' : `, without ${trainedOperators.join(' and ')}, which training itself draws`}).`])
  ]
}

function wordsOf ({ nuisances: names, shifts }: AugmentationChoice['sets'][number]): string {
  const parts = [...names, ...shifts]
  return parts.length === 0 ? 'no augmentation' : parts.join(' + ')
}

function percent (share: number): string {
  return `${Math.round(100 * share)} %`
}
