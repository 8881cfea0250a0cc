/**
 * Puts what `goodparts evaluate --explain --json` wrote into the tables of explanations in docs/benchmarks.md, between their two marks; files of
 * the same data set, family and pictures come together:
 *
 *     node scripts/explanation-table.ts lgp-density.json lgp-classifier.json …
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { validate } from '../engine/schema-validation.ts'
import type { EvaluationReport } from '../schemas/evaluation.ts'

type Explain = NonNullable<EvaluationReport['explain']>
type Method = Explain['methods'][number]
type Interval = Method['ebpg']

const page = join(import.meta.dirname, '..', 'docs', 'benchmarks.md')
const marks = ['<!-- tables of explanations -->', '<!-- end of tables of explanations -->'] as const

const header = ['detector', 'method', 'n', 'EBPG', 'lift', 'mask-L1', 'pointing', 'bbox', 'IoU Otsu', 'IoU top 20 %', 'insertion', 'deletion', 'drop %', 'increase %', 'no map']
const summaryHeader = ['set', 'detector', 'image AUROC', 'scale', 'n', 'EBPG, SISE over Grad-CAM', 'mask-L1, Grad-CAM over SISE', 'lift of SISE', 'mask-L1 of SISE', 'of a black map', 'most EBPG']

function between (estimate: Interval, digits: number): string {
  if (estimate === null) return '–'
  const { value, low, high } = estimate
  return `${value.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`
}

function rows ({ detector, explain }: EvaluationReport & { explain: Explain }): string[][] {
  return explain.methods.map((method) => [
    detector, `\`${method.method}\``, String(method.n),
    between(method.ebpg, 3), between(method.ebpgLift, 1), between(method.maskL1, 3), between(method.pointingGame, 2), between(method.bbox, 2), between(method.iouOtsu, 2), between(method.iouTop20, 2),
    between(method.insertion, 2), between(method.deletion, 2), between(method.drop, 0), between(method.increase, 0), String(method.withoutMap)
  ])
}

function summary (report: EvaluationReport & { explain: Explain }): string[] {
  const { detector, explain, imageAuroc, scale, size } = report
  const named = (name: string): Method | undefined => explain.methods.find(({ method }) => method === name)
  const [sise, cam] = [named('sise'), named('grad-cam')]
  const most = explain.methods.reduce((best, method) => (method.ebpg?.value ?? 0) > (best.ebpg?.value ?? 0) ? method : best)
  const over = (above: number | undefined, below: number | undefined): string => above === undefined || below === undefined || below === 0 ? '–' : (above / below).toFixed(2)
  return [
    report.dataset.name, detector, imageAuroc?.toFixed(4) ?? '–', `${scale ?? ''} ${size ?? ''}`.trim(), String(most.n),
    over(sise?.ebpg?.value, cam?.ebpg?.value), over(cam?.maskL1?.value, sise?.maskL1?.value), sise === undefined ? '–' : between(sise.ebpgLift, 1),
    sise === undefined ? '–' : between(sise.maskL1, 4), explain.baselines.zeroMaskL1?.value.toFixed(4) ?? '–', `\`${most.method}\``
  ]
}

const table = (lines: readonly string[][]): string => lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
const titled = (titles: readonly string[]): string[][] => [[...titles], titles.map(() => '---')]

const reports = process.argv.slice(2).map((file) => validate('evaluation', JSON.parse(readFileSync(file, 'utf8')))).flatMap((report) => {
  const { explain } = report
  return explain === undefined ? [] : [{ ...report, explain }]
})
const names = [...new Set(reports.map(({ dataset }) => dataset.name))]
const sections = names.map((name) => {
  const of = reports.filter(({ dataset }) => dataset.name === name)
  // Other numbers of pictures are other pictures, and have baselines of their own.
  const counted = new Map(of.map(({ explain }) => [explain.methods[0]?.n ?? 0, explain.baselines]))
  const baselines = [...counted].sort(([a], [b]) => b - a).map(([n, { zeroMaskL1, uniformMaskL1, areaShare }]) =>
    `Rows of n = ${n}: defects cover ${between(areaShare, 4)} of the area, which is a uniform map's EBPG; mask-L1 of a black map ${between(zeroMaskL1, 4)}, of a white one ${between(uniformMaskL1, 4)}.`).join('\n')
  return `**${name}**\n\n${baselines}\n\n${table([...titled(header), ...of.flatMap(rows)])}`
})
const text = readFileSync(page, 'utf8')
const [before, after] = [text.split(marks[0])[0], text.split(marks[1])[1]]
if (sections.length === 0 || before === undefined || after === undefined) throw new Error(`Expected files of reports with explanations, and both marks in ${page}`)
writeFileSync(page, `${before}${marks[0]}\n\n${[table([...titled(summaryHeader), ...reports.map(summary)]), ...sections].join('\n\n')}\n\n${marks[1]}${after}`)
