/** Updates of a detector as one self-contained page. */
import { html, Html } from '../../../engine/evaluation/report/html-text.ts'
import { style } from '../../../engine/evaluation/report/style.ts'
import type { ContinualUpdatesReport } from '../../../schemas/continual-updates.ts'
import { measuredOnText } from '../../measured-on.ts'
import { cellsOf, explanation, heading, modesOf, refusals, rowsOf, stepColumns } from './updates-summary.ts'

export function updatesPage (report: ContinualUpdatesReport): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Updates of a detector</title><style>${new Html(style)}</style></head>
<body><main>
<header><h1>Updates of a detector</h1>${heading(report).split('\n').map((line) => html`<p class="soft">${line}</p>`)}</header>
${modesOf(report).map((mode) => modeSection(report, mode))}
<footer><p>${explanation}</p><p><code>${report.command}</code></p><p>${measuredOnText(report)}</p></footer>
</main></body></html>
`.text
}

function modeSection (report: ContinualUpdatesReport, mode: string): Html {
  const refused = refusals(report, mode)
  return html`<h2>Mode ${mode}</h2>
<div class="card scroll"><table><thead><tr>${stepColumns.map((name, index) => html`<th class="${index < 2 ? '' : 'number'}">${name}</th>`)}</tr></thead><tbody>${
  rowsOf(report, mode).map((row) => html`<tr>${cellsOf(row).map((cell, index) => html`<td class="${index < 2 ? '' : 'number'}">${cell}</td>`)}</tr>`)}</tbody></table></div>
${refused.length === 0 ? '' : html`<ul>${refused.map((line) => html`<li>${line}</li>`)}</ul>`}`
}
