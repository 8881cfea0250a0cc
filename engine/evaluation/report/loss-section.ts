/** How the training of a detector went, for reports. */
import type { LossPoint } from '../../../schemas/bundle.ts'
import { countChart } from './charts.ts'
import { html, type Html } from './html-text.ts'

/** Nothing for a detector that is not trained. */
export function lossSection (detector: string, curve: readonly LossPoint[] | undefined): Html | null {
  if (curve === undefined || curve.length < 2) return null
  return html`<h2>How the training went</h2>
<p class="note">The loss on what it was trained by, good parts only unless it learned from labelled defects; each point is the mean of the steps since the one before. Where it still falls at its end, more steps may help.</p>
<div class="pair"><figure class="card">${countChart('Loss over train steps', 'train steps', 'loss', [{ name: detector, points: curve.map(({ step, loss }) => [step, loss] as const) }])}</figure></div>`
}
