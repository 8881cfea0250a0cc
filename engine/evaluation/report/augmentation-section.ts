/** How the augmentations of a trained detector were chosen: what was found, in a sentence each, and the sets that were tried. */
import type { AugmentationChoice } from '../../../schemas/bundle.ts'
import { decimals, html, type Html } from './html-text.ts'
import { table } from './tables.ts'

export function augmentationSection (choice: AugmentationChoice | undefined): Html | null {
  if (choice === undefined) return null
  const operators = Object.keys(choice.sets[0]?.byOperator ?? {})
  const sets = table<AugmentationChoice['sets'][number]>([
    { name: 'Set', cell: ({ nuisances, shifts }) => [...nuisances, ...shifts].join(' + ') || 'none' },
    { name: 'Separation', numeric: true, cell: ({ proxyAuroc }) => decimals(proxyAuroc, 4) },
    ...operators.map((operator) => ({
      name: choice.trainedOperators.includes(operator) ? `${operator} (not counted)` : operator,
      numeric: true,
      cell: ({ byOperator }: AugmentationChoice['sets'][number]) => decimals(byOperator[operator] ?? null, 4)
    }))
  ], choice.sets, ({ chosen }) => chosen)
  return html`<h2>How its augmentations were chosen</h2>
<p class="note">From good parts only, in ${choice.seconds.toFixed(0)} s. Separation: AUROC of held-out good parts with defects drawn on them against the same parts untouched, after a short training with each set.</p>
<div class="card scroll">${sets}</div>
<div class="card"><ul>${choice.sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul></div>`
}
