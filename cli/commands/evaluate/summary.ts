/** An evaluation as a person reads it in a terminal. */
import { incompleteText } from '../../../engine/evaluation/incomplete-text.ts'
import { learnedText } from '../../../engine/evaluation/learned-from.ts'
import { trialNote, trialOutcome } from '../../../engine/evaluation/trial-outcome.ts'
import type { EvaluatedRate, EvaluationReport } from '../../../schemas/evaluation.ts'
import { measuredOnText } from '../../measured-on.ts'
import { textTable } from '../../text-table.ts'

export function evaluationText (report: EvaluationReport): string {
  return [heading(report), trials(report), augmentation(report), types(report), figures(report), report.limitsStatement, origin(report)].filter((part) => part !== '').join('\n\n')
}

function heading (report: EvaluationReport): string {
  const { dataset, detector, scale, size, fitSeconds } = report
  const incomplete = incompleteText(report)
  const defects = Object.values(dataset.testDefects).reduce((sum, count) => sum + count, 0)
  return `${incomplete === null ? '' : `${incomplete}\n`}${dataset.name}: ${[detector, scale, size].filter((part) => part !== null).join(' ')}\n` +
    `${learnedText(report)}, in ${fitSeconds.toFixed(1)} s; tested on ${dataset.testGood} good and ${defects} defective images.`
}

function trials ({ trials }: EvaluationReport): string {
  if (trials.length === 0) return ''
  const table = textTable(['layers', 'size', 'settings', 'separation', 'images/s', 'outcome'], trials.map((trial) => [
    trial.layers, trial.size === 0 ? '–' : String(trial.size), Object.entries(trial.settings).map(([name, value]) => `${name}=${JSON.stringify(value).replaceAll('"', '')}`).join(' '),
    number(trial.proxyAuroc, 4), number(trial.imagesPerSecond, 0), trialOutcome(trial, trials)
  ]))
  const note = trialNote(trials)
  return note === null ? table : `${table}\n${note}`
}

function augmentation ({ augmentation }: EvaluationReport): string {
  return augmentation === undefined ? '' : augmentation.sentences.join('\n')
}

function types (report: EvaluationReport): string {
  const rows = Object.entries(report.dataset.testDefects).map(([type, count]) => {
    const escaped = report.images.filter(({ label, verdict }) => label === type && verdict !== 'reject').length
    return [type, String(count), number(report.imageAurocByType[type] ?? null, 4), String(escaped)]
  })
  return rows.length < 2 ? '' : textTable(['defect', 'images', 'image AUROC', 'escapes'], rows)
}

function figures (report: EvaluationReport): string {
  const { imageAurocInterval: interval, pixelGroundTruth: truth, baseline, templateDifference } = report
  const pixels = `${truth.maskedImages} masked, ${truth.boxedImages} boxed, ${truth.goodImages} good images`
  return textTable(['figure', 'value', ''], [
    ['image AUROC', number(report.imageAuroc, 4), interval === null ? '' : `95 %: ${interval.low.toFixed(4)} to ${interval.high.toFixed(4)}`],
    ['average precision', number(report.averagePrecision, 4), ''],
    ['pixel AUROC', number(report.pixelAuroc, 4), pixels],
    ['AUPRO at 0.3', number(report.aupro30, 4), `${truth.regions} regions`],
    ['false rejects', percent(report.atRejectLimit.falseReject), rateText(report.atRejectLimit.falseReject)],
    ['escapes', percent(report.atRejectLimit.escape), rateText(report.atRejectLimit.escape)],
    ['  past the review limit', percent(report.atReviewLimit.escape), `${report.atReviewLimit.falseReject.count} good images to review or reject`],
    ['trivial baseline AUROC', number(report.baselineAuroc, 4), baseline === null ? '' : `${baseline.statistic} ${baseline.auroc[baseline.statistic]?.toFixed(4) ?? ''}`],
    ['template difference AUROC', number(report.templateDifferenceAuroc, 4), templateDifference === null ? '' : `median ${templateDifference.median.toFixed(4)}, nearest ${templateDifference.nearest.toFixed(4)}`],
    ['images per second', number(report.imagesPerSecond, 1), 'scoring alone, one thread']
  ])
}

function origin (report: EvaluationReport): string {
  const { goodparts = '', node = '', onnxruntime = '' } = report.versions
  return `Seed ${report.seed}. ${measuredOnText({ versions: { goodparts, node, onnxruntime }, machine: report.machine })}`
}

function rateText ({ count, of, interval }: EvaluatedRate): string {
  return of === 0 ? 'no such images' : `${count} of ${of}; 95 %: ${(100 * interval.low).toFixed(1)} % to ${(100 * interval.high).toFixed(1)} %`
}

function percent ({ rate }: EvaluatedRate): string {
  return rate === null ? '–' : `${(100 * rate).toFixed(1)} %`
}

function number (value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits)
}
