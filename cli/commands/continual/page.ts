/** The comparison as one self-contained page. */
import { decimals, html, Html } from '../../../engine/evaluation/report/html-text.ts'
import { style } from '../../../engine/evaluation/report/style.ts'
import { defaultHead } from '../../../engine/continual/learners/registry.ts'
import type { ContinualReport, HeadReport, PolicyFigure } from '../../../schemas/continual.ts'
import { measuredOnText } from '../../measured-on.ts'
import { cellOf, differenceText, figureOf, meaningsOf, memories, presentColumns } from './summary.ts'

export function continualPage (report: ContinualReport): string {
  const { protocol, seeds, offline, finetune, streamingLda, policies } = report
  const noise = policies[0]?.noise ?? 0
  const tile = (value: number | null, name: string, detail: string): Html => html`<div class="tile"><b>${decimals(value, 3)}</b>${name}<span>${detail}</span></div>`
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Replay policies</title><style>${new Html(style)}</style></head>
<body><main>
<header><h1>Replay policies</h1><p class="soft">${protocol}. ${seeds === 1 ? '1 seed' : `${seeds} paired seeds`}${noise === 0 ? ', labels as they are' : `, ${Math.round(100 * noise)} % of the training labels wrong`}.</p></header>
<div class="tiles">${[
  tile(offline.mean, 'Everything at once', 'the bound: every picture kept'),
  tile(offline.balancedMean, 'Everything at once, balanced', 'classes drawn equally often'),
  ...(streamingLda === null ? [] : [tile(streamingLda.mean, 'Streaming LDA', 'keeps no picture')]),
  tile(finetune, 'Fine-tuning', 'no memory: what forgetting costs')
]}</div>
${memories(report).map((memory) => memorySection(report, memory))}
${report.heads.map(headSection)}
<h2>Tasks</h2>
<p class="note">As seed 0 drew them.</p>
<div class="card scroll"><table><thead><tr><th>Classes</th><th class="number">Train</th><th class="number">Test</th></tr></thead><tbody>${
  report.tasks.map(({ classes, train, test }) => html`<tr><td>${classes.join(', ')}</td><td class="number">${train}</td><td class="number">${test}</td></tr>`)}</tbody></table></div>
<footer><p>Accuracy is the mean over tasks of the class-balanced accuracy after the last task. Differences are paired by seed; ± is the 95 % interval by Student's t, in brackets the seeds ahead.</p>
<p>${meaningsOf(report)}</p>
<p><code>${report.command}</code></p><p>${measuredOnText(report)}</p></footer>
</main></body></html>
`.text
}

function memorySection (report: ContinualReport, memory: number): Html {
  const figures = report.policies.filter((figure) => figure.memory === memory && figure.metric === 'accuracy').toSorted((a, b) => b.mean - a.mean)
  const shown = presentColumns(report)
  return html`<h2>Memory of ${memory}</h2>
<figure class="card"><h3>Accuracy against class-balanced random selection</h3>${differenceChart(figures)}</figure>
<div class="card scroll"><table><thead><tr><th>Policy</th>${shown.map(({ name }) => html`<th class="number">${name}</th>`)}<th class="number">Difference</th></tr></thead><tbody>${
  figures.map((figure) => html`<tr class="${figure.policy === 'snnl-preserving' ? 'chosen' : ''}"><td>${figure.policy}</td>${
    shown.map(({ metric }) => html`<td class="number">${cellOf(figureOf(report, figure.policy, memory, metric))}</td>`)}<td class="number">${figure.policy === 'class-balanced' ? '' : differenceText(figure.differenceToClassBalanced)}</td></tr>`)}</tbody></table></div>`
}

function headSection ({ policy, memory, metric, bestOffline, heads, steps }: HeadReport): Html {
  const measure = metric === 'auroc' ? 'AUROC' : 'accuracy'
  const number = (value: number | null): Html => html`<td class="number">${decimals(value, 3)}</td>`
  return html`<h2>Heads on a memory of ${memory}</h2>
<p class="note">The memory is that of ${policy}. The best head offline is ${bestOffline.head}, ${measure} ${decimals(bestOffline[metric], 3)}.</p>
<div class="card scroll"><table><thead><tr><th>Head</th><th class="number">Accuracy</th><th class="number">AUROC</th><th class="number">AAA</th><th class="number">Forgetting</th><th class="number">BWT</th><th class="number">FWT</th><th class="number">${measure} against its own offline</th><th class="number">${measure} against the best offline</th></tr></thead><tbody>${
  heads.map((head) => html`<tr class="${head.head === defaultHead ? 'chosen' : ''}"><td>${head.head}</td>${number(head.accuracy)}${number(head.auroc)}${number(head.averageAccuracy)}${number(head.forgetting)}${number(head.backwardTransfer)}${number(head.forwardTransfer)}<td class="number">${differenceText(head.differenceToOwnOffline)}</td><td class="number">${differenceText(head.differenceToBestOffline)}</td></tr>`)}</tbody></table></div>
${metric === 'accuracy'
? ''
: html`<h3>AUROC of everything so far, after each task</h3>
<div class="card scroll"><table><thead><tr><th>After</th>${heads.map(({ head }) => html`<th class="number">${head}</th>`)}<th class="number">LDA of everything so far</th></tr></thead><tbody>${
  steps.map((bound, index) => html`<tr><td>${bound.task}</td>${heads.map(({ steps: own }) => number(own[index]?.auroc ?? null))}${number(bound.auroc)}</tr>`)}</tbody></table></div>`}`
}

const rowHeight = 24
const left = 130
const width = 640

/** A point and an interval per policy, zero in the middle of what is shown. */
function differenceChart (figures: readonly PolicyFigure[]): Html {
  const others = figures.filter(({ policy }) => policy !== 'class-balanced')
  const reach = Math.max(0.01, ...others.flatMap(({ differenceToClassBalanced: { low, high, mean } }) => [Math.abs(low ?? mean), Math.abs(high ?? mean)]))
  const x = (value: number): number => left + (width - left) * (0.5 + value / reach / 2.1)
  const height = rowHeight * others.length + 26
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="differences to class-balanced random selection">
<g class="grid">${[-reach, 0, reach].map((value) => html`<path d="M${x(value).toFixed(1)} 0V${height - 20}"/>`)}</g>
<g class="axis">${[-reach, 0, reach].map((value) => html`<text x="${x(value).toFixed(1)}" y="${height - 5}" text-anchor="middle">${value.toFixed(2)}</text>`)}</g>
${others.map(({ policy, differenceToClassBalanced: { mean, low, high } }, row) => {
  const y = rowHeight * (row + 0.5)
  const kind = mean < 0 ? 'defect' : 'good'
  return html`<text x="${left - 8}" y="${y + 4}" text-anchor="end">${policy}</text><path d="M${x(low ?? mean).toFixed(1)} ${y}H${x(high ?? mean).toFixed(1)}" stroke="var(--${kind})" stroke-width="2"/><circle cx="${x(mean).toFixed(1)}" cy="${y}" r="4" fill="var(--${kind})"/>`
})}</svg>`
}
