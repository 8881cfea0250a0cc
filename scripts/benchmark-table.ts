/**
 * Puts what `goodparts evaluate --json` wrote for several data sets into the table of docs/benchmarks.md, between its two marks:
 *
 *     node scripts/benchmark-table.ts lgp.json magnetic_tile.json …
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { validate } from '../engine/schema-validation.ts'
import type { EvaluationReport } from '../schemas/evaluation.ts'

const page = join(import.meta.dirname, '..', 'docs', 'benchmarks.md')
const marks = ['<!-- table of results -->', '<!-- end of table of results -->'] as const

const header = ['set', 'scale', 'image AUROC', '95 %', 'pixel AUROC', 'AUPRO', 'false rejects', 'escapes', 'past review', 'trivial', 'template', 'fit s', 'images/s']

function row (report: EvaluationReport): string[] {
  const { imageAurocInterval: interval, pixelGroundTruth: truth } = report
  const boxes = truth.boxedImages > 0 ? ' (boxes)' : ''
  const { falseReject, escape } = report.atRejectLimit
  return [
    report.dataset.name,
    `${report.scale ?? ''} ${report.size ?? ''}${report.trials.length > 1 ? '' : ' (given)'}`,
    decimals(report.imageAuroc),
    interval === null ? '' : `${decimals(interval.low)}–${decimals(interval.high)}`,
    `${decimals(report.pixelAuroc)}${boxes}`,
    `${decimals(report.aupro30)}${boxes}`,
    `${falseReject.count} of ${falseReject.of}`,
    `${escape.count} of ${escape.of}`,
    String(report.atReviewLimit.escape.count),
    decimals(report.baselineAuroc),
    decimals(report.templateDifferenceAuroc),
    report.fitSeconds.toFixed(0),
    report.imagesPerSecond.toFixed(0)
  ]
}

function decimals (value: number | null): string {
  return value === null ? '–' : value.toFixed(4)
}

function origin ({ versions, machine, seed }: EvaluationReport): string {
  return `Seed ${seed}; ${Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', ')}; ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}.`
}

const reports = process.argv.slice(2).map((file) => validate('evaluation', JSON.parse(readFileSync(file, 'utf8'))))
const lines = [header, header.map(() => '---'), ...reports.map(row)].map((cells) => `| ${cells.join(' | ')} |`)
const origins = [...new Set(reports.map(origin))]
const text = readFileSync(page, 'utf8')
const [before, after] = [text.split(marks[0])[0], text.split(marks[1])[1]]
if (reports.length === 0 || before === undefined || after === undefined) throw new Error(`Expected files of reports, and both marks in ${page}`)
writeFileSync(page, `${before}${marks[0]}\n\n${lines.join('\n')}\n\n${origins.join('\n')}\n\n${marks[1]}${after}`)
