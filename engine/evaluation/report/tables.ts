/** The report's tables. */
import type { ScaleTrial } from '../../../schemas/bundle.ts'
import type { EvaluationReport } from '../../../schemas/evaluation.ts'
import { trialOutcome } from '../trial-outcome.ts'
import { decimals, html, percent, type Html, type HtmlPart } from './html-text.ts'

export interface Column<Row> {
  name: string
  numeric?: boolean
  cell: (row: Row) => HtmlPart
}

export function table<Row> (columns: ReadonlyArray<Column<Row>>, rows: readonly Row[], isChosen: (row: Row) => boolean = () => false): Html {
  const kind = ({ numeric }: Column<Row>): string => numeric === true ? 'number' : ''
  return html`<table><thead><tr>${columns.map((column) => html`<th class="${kind(column)}">${column.name}</th>`)}</tr></thead><tbody>${
    rows.map((row) => html`<tr class="${isChosen(row) ? 'chosen' : ''}">${columns.map((column) => html`<td class="${kind(column)}">${column.cell(row)}</td>`)}</tr>`)}</tbody></table>`
}

interface TypeRow {
  type: string
  images: number
  auroc: number | null
  rejected: number
  review: number
  passed: number
}

/** One row per type of defect, and one of the good images. */
export function typeTable (report: EvaluationReport): Html {
  const rows = ['good', ...Object.keys(report.dataset.testDefects)].map((type): TypeRow => {
    const images = report.images.filter(({ label }) => label === type)
    const counted = (verdict: string): number => images.filter((image) => image.verdict === verdict).length
    return { type, images: images.length, auroc: report.imageAurocByType[type] ?? null, rejected: counted('reject'), review: counted('review'), passed: counted('good') }
  }).filter(({ images }) => images > 0)
  const share = (count: number, { images }: TypeRow): string => `${count} (${percent(count / images)})`
  return table([
    { name: 'Type', cell: ({ type }) => type },
    { name: 'Images', numeric: true, cell: ({ images }) => images },
    { name: 'Image AUROC', numeric: true, cell: ({ auroc }) => decimals(auroc, 4) },
    { name: 'Rejected', numeric: true, cell: (row) => share(row.rejected, row) },
    { name: 'To review', numeric: true, cell: (row) => share(row.review, row) },
    { name: 'Passed as good', numeric: true, cell: (row) => share(row.passed, row) }
  ], rows)
}

const statisticNames: Record<string, string> = {
  mean: 'Mean of the picture', standardDeviation: 'Standard deviation of the picture', meanGradient: 'Mean gradient', fileSize: 'Size of the file'
}

export function baselineTable ({ baseline, templateDifference, imageAuroc }: EvaluationReport): Html {
  const rows = [
    { name: 'This detector', auroc: imageAuroc, chosen: true },
    ...(templateDifference === null
      ? []
      : [
          { name: 'Difference from the median good picture', auroc: templateDifference.median, chosen: false },
          { name: 'Difference from the nearest good picture', auroc: templateDifference.nearest, chosen: false }
        ]),
    ...Object.entries(baseline?.auroc ?? {}).map(([statistic, auroc]) => ({ name: statisticNames[statistic] ?? statistic, auroc, chosen: false }))
  ]
  return table([
    { name: 'By', cell: ({ name }) => name },
    { name: 'Image AUROC', numeric: true, cell: ({ auroc }) => decimals(auroc, 4) },
    { name: 'Mirrored', numeric: true, cell: ({ auroc }) => decimals(auroc === null ? null : 1 - auroc, 4) }
  ], rows, ({ chosen }) => chosen)
}

export function trialTable (trials: readonly ScaleTrial[]): Html {
  return table([
    { name: 'Layers', cell: ({ layers }) => layers },
    { name: 'Size', numeric: true, cell: ({ size }) => size === 0 ? '–' : size },
    { name: 'Settings', cell: ({ settings }) => Object.entries(settings).map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(', ') },
    { name: 'Separation', numeric: true, cell: ({ proxyAuroc }) => decimals(proxyAuroc, 4) },
    { name: 'Images/s', numeric: true, cell: ({ imagesPerSecond }) => imagesPerSecond === null ? '–' : imagesPerSecond.toFixed(0) },
    { name: 'Outcome', cell: (trial) => trialOutcome(trial, trials) }
  ], trials, ({ chosen }) => chosen)
}
