/** The evaluation as one self-contained HTML page. */
import type { EvaluatedRate, EvaluationReport } from '../../../schemas/evaluation.ts'
import { incompleteText } from '../incomplete-text.ts'
import { learnedText, missingShares } from '../learned-from.ts'
import { rocCurve } from '../ranking.ts'
import { trialNote } from '../trial-outcome.ts'
import { countChart, rocChart, scoreHistogram } from './charts.ts'
import type { GalleryPicture } from './gallery.ts'
import { augmentationSection } from './augmentation-section.ts'
import { explanationSection, type ExplainedPictures } from './explanation-section.ts'
import { decimals, html, Html, percent } from './html-text.ts'
import { lossSection } from './loss-section.ts'
import { style } from './style.ts'
import { baselineTable, trialTable, typeTable } from './tables.ts'

export interface ReportPictures {
  /** Defective images with the lowest scores. */
  misses: GalleryPicture[]
  /** Good images with the highest scores. */
  falseRejects: GalleryPicture[]
  /** Some of the defects that were explained; none where none were. */
  explained?: readonly ExplainedPictures[]
}

export function renderReport (report: EvaluationReport, pictures: ReportPictures): string {
  const title = `${report.dataset.name}: evaluation`
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${new Html(style)}</style></head>
<body><main>
${heading(report)}
${tiles(report)}
<h2>Scores and limits</h2>
<div class="pair">${charts(report)}</div>
<p class="note">${report.limitsStatement}</p>
<h2>By type</h2>
<div class="card scroll">${typeTable(report)}</div>
<h2>Baselines</h2>
<p class="note">What looks at no content, and the subtraction of a template. A detector has to be well above both to say anything.</p>
<div class="card scroll">${baselineTable(report)}</div>
${scaleSection(report.trials)}
${augmentationSection(report.augmentation)}
${lossSection(report.detector, report.lossCurve)}
${learningSection(report)}
${explanationSection(report.explain, pictures.explained ?? [])}
${gallery('Worst misses', missNote(report), pictures.misses)}
${gallery('Worst false rejects', falseRejectNote(report), pictures.falseRejects)}
${footer(report)}
</main></body></html>
`
  return page.text
}

function scaleSection (trials: EvaluationReport['trials']): Html | null {
  if (trials.length === 0) return null
  const note = trialNote(trials)
  return html`<h2>How the scale was chosen</h2>
<p class="note">Separation: AUROC of good parts with defects drawn on them against the same parts untouched; no real defect was used.</p>
<div class="card scroll">${trialTable(trials)}</div>
${note === null ? null : html`<p class="note">${note}</p>`}`
}

function learningSection ({ learningCurve, detector }: EvaluationReport): Html | null {
  if (learningCurve === undefined) return null
  const points = learningCurve.flatMap(({ images, imageAuroc }) => imageAuroc === null ? [] : [[images, imageAuroc] as const])
  if (points.length === 0) return null
  return html`<h2>How many good parts are enough</h2>
<p class="note">The same detector, its layers and size as they are, learned from some of the good pictures. Where the curve still climbs at its end, more good parts would help. ${missingShares(learningCurve.length)}</p>
<div class="pair"><figure class="card">${countChart('Image AUROC over good pictures learned from', 'good pictures learned from', 'image AUROC', [{ name: detector, points }])}</figure></div>`
}

function heading (report: EvaluationReport): Html {
  const { dataset, detector, scale, size, bundle, createdAt } = report
  const incomplete = incompleteText(report)
  const defects = Object.values(dataset.testDefects).reduce((sum, count) => sum + count, 0)
  return html`<header><h1>${dataset.name}</h1><p class="soft">${detector}${scale === null ? null : `, ${scale}`}${size === null ? null : ` at ${size} pixels`}. ${learnedText(report)}, tested on ${dataset.testGood} good and ${defects} defective ones. Bundle ${bundle.id}, ${createdAt.slice(0, 16).replace('T', ' ')} UTC.${incomplete === null ? null : ` ${incomplete}`}</p></header>`
}

function tiles (report: EvaluationReport): Html {
  const { imageAurocInterval: interval, pixelGroundTruth: truth } = report
  const pixels = `${truth.maskedImages} masks, ${truth.boxedImages} with boxes`
  const tile = (value: string, name: string, detail: string): Html => html`<div class="tile"><b>${value}</b>${name}<span>${detail}</span></div>`
  return html`<div class="tiles">${[
    tile(decimals(report.imageAuroc, 4), 'Image AUROC', interval === null ? 'no defects or no good images' : `95\u00a0%: ${decimals(interval.low, 4)} to\u00a0${decimals(interval.high, 4)}`),
    tile(decimals(report.pixelAuroc, 4), 'Pixel AUROC', pixels),
    tile(decimals(report.aupro30, 4), 'AUPRO at 0.3', `${truth.regions} defect regions`),
    tile(percent(report.falseRejectRate), 'False rejects', rateDetail(report.atRejectLimit.falseReject)),
    tile(percent(report.escapeRate), 'Escapes', rateDetail(report.atRejectLimit.escape)),
    tile(report.imagesPerSecond.toPrecision(3), 'Images/s', `one thread; fitted in ${report.fitSeconds.toFixed(0)} s`)
  ]}</div>`
}

function rateDetail ({ count, of, interval }: EvaluatedRate): string {
  return of === 0 ? 'no such images' : `${count} of ${of}; 95\u00a0%: ${percent(interval.low)} to\u00a0${percent(interval.high)}`
}

function charts (report: EvaluationReport): Html[] {
  const good = report.images.filter(({ label }) => label === 'good').map(({ score }) => score)
  const defect = report.images.filter(({ label }) => label !== 'good').map(({ score }) => score)
  const limits = { review: report.atReviewLimit.threshold, reject: report.atRejectLimit.threshold }
  const key = html`<span class="key"><i class="good"></i>good</span><span class="key"><i class="defect"></i>defective</span>`
  const histogram = html`<figure class="card"><h3>Scores ${key}</h3>${scoreHistogram({ good, defect, limits })}</figure>`
  if (good.length === 0 || defect.length === 0) return [histogram]
  const marks = [{ name: 'review', at: report.atReviewLimit }, { name: 'reject', at: report.atRejectLimit }]
    .map(({ name, at }) => ({ name, falsePositiveRate: at.falseReject.rate ?? 0, truePositiveRate: 1 - (at.escape.rate ?? 0) }))
  return [histogram, html`<figure class="card"><h3>ROC</h3>${rocChart(rocCurve(good, defect), marks)}</figure>`]
}

function missNote ({ atRejectLimit: { escape }, atReviewLimit, partial }: EvaluationReport): string {
  const shown = 'One picture of each part. Left: the picture, its ground truth outlined in green where there is one. Right: the detector’s map.'
  if (escape.of === 0) return partial === true ? 'No defect was scored.' : 'The test set has no defects.'
  if (escape.count === 0) return `No defect stayed under the reject limit; these came closest. ${shown}`
  return `${escape.count} of ${escape.of} defects stayed under the reject limit, ${atReviewLimit.escape.count} of them under the review limit too. ${shown}`
}

function falseRejectNote ({ atRejectLimit: { falseReject }, partial }: EvaluationReport): string {
  if (falseReject.of === 0) return partial === true ? 'No good image was scored.' : 'The test set has no good images.'
  if (falseReject.count === 0) return 'No good image went above the reject limit; these came closest.'
  return `${falseReject.count} of ${falseReject.of} good images went above the reject limit.`
}

function gallery (title: string, note: string, pictures: readonly GalleryPicture[]): Html {
  return html`<h2>${title}</h2><p class="note">${note}</p><div class="gallery">${pictures.map(({ path, label, score, verdict, picture, overlay }) =>
    html`<figure class="card"><div class="shots"><img src="${picture}" alt="picture of ${path}"><img src="${overlay}" alt="map of ${path}"></div><figcaption><b>${label}</b>, score ${score.toPrecision(4)}: <b class="verdict-${verdict}">${verdict}</b><br>${path}</figcaption></figure>`)}</div>`
}

function footer ({ command, versions, machine, seed, recallAtFalseRejects, bestF1, averagePrecision, pixelAveragePrecision, pixelGroundTruth }: EvaluationReport): Html {
  const recalls = recallAtFalseRejects.map(({ share, recall }) => `${percent(recall)} at ${percent(share)}`).join(', ')
  return html`<footer>
<p>Also: average precision ${decimals(averagePrecision, 4)}; best F1 ${decimals(bestF1?.f1 ?? null, 4)} (its limit chosen on this test set); recall at false rejects, limit chosen on this test set: ${recalls}; pixel average precision ${decimals(pixelAveragePrecision, 4)}. Pixel metrics: ${pixelGroundTruth.goodImages} good, ${pixelGroundTruth.maskedImages} masked and ${pixelGroundTruth.boxedImages} boxed images; ${pixelGroundTruth.leftOut} defective images without ground truth left out.</p>
<p>Rates are at the shipped reject limit, which comes from good parts only; intervals are exact (Clopper and Pearson).</p>
${command === null ? null : html`<p><code>${command}</code></p>`}
<p>Seed ${seed}. ${Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', ')}. ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}.</p>
</footer>`
}
