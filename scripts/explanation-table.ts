/**
 * Puts what `goodparts evaluate --explain --json` wrote into the tables of explanations in docs/benchmarks.md, between their two marks. Files of the same
 * data set, family, options, seed and way of asking are one row, whose methods may have been measured apart; a method given again replaces the first.
 * The budget is no part of that: slow methods are measured with one on purpose, and the column of pictures without a map says how many were out of time:
 *
 *     node scripts/explanation-table.ts lgp-density.json lgp-density-slow-methods.json lgp-classifier.json …
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { canonicalJson } from '../engine/canonical-json.ts'
import { ratioEstimate } from '../engine/explain/metrics/bootstrap.ts'
import { validate } from '../engine/schema-validation.ts'
import type { EvaluationReport } from '../schemas/evaluation.ts'

type Explain = NonNullable<EvaluationReport['explain']>
type Explained = EvaluationReport & { explain: Explain }
type Method = Explain['methods'][number]
type Interval = Method['ebpg']

const page = join(import.meta.dirname, '..', 'docs', 'benchmarks.md')
const marks = ['<!-- tables of explanations -->', '<!-- end of tables of explanations -->'] as const

const header = ['detector', 'method', 'n', 'EBPG', 'lift', 'mask-L1', 'pointing', 'bbox', 'IoU Otsu', 'IoU top 20 %', 'judged', 'insertion', 'deletion', 'drop %', 'increase %', 'no map']
const summaryHeader = [
  'set', 'detector', 'image AUROC', 'scale', 'n', 'no map, SISE / Grad-CAM', 'both', 'EBPG, SISE over Grad-CAM', 'mask-L1, Grad-CAM over SISE',
  'lift of SISE', 'mask-L1 of SISE', 'of a black map', 'most EBPG'
]

/** The summary, then a table for each data set, as Markdown. */
export function explanationTables (reports: readonly EvaluationReport[]): string {
  const explained = reports.flatMap((report) => report.explain === undefined ? [] : [{ ...report, explain: report.explain }])
  const cells = merged(explained)
  const names = [...new Set(cells.map(({ dataset }) => dataset.name))]
  const sections = names.map((name) => {
    const rows = cells.filter(({ dataset }) => dataset.name === name)
    const parts = [baselinesOf(explained.filter(({ dataset }) => dataset.name === name)), table([...titled(header), ...rows.flatMap(methodRows)]), rows.flatMap(unavailable).join('\n')]
    return [`**${name}**`, ...parts.filter((part) => part !== '')].join('\n\n')
  })
  return [table([...titled(summaryHeader), ...cells.map(summary)]), ...sections].join('\n\n')
}

function merged (reports: readonly Explained[]): Explained[] {
  const cells = new Map<string, Explained>()
  for (const report of reports) {
    const { dataset, detector, options, seed, scale, size, explain } = report
    const key = JSON.stringify([dataset.name, detector, canonicalJson(options), seed, scale, size, explain.target, explain.hidden])
    const before = cells.get(key)
    cells.set(key, before === undefined ? report : { ...before, explain: together(before.explain, explain) })
  }
  return [...cells.values()]
}

function together (before: Explain, after: Explain): Explain {
  const again = new Set([...after.methods, ...after.unavailable].map(({ method }) => method))
  return {
    ...before,
    methods: [...before.methods.filter(({ method }) => !again.has(method)), ...after.methods],
    unavailable: [...before.unavailable.filter(({ method }) => !again.has(method)), ...after.unavailable],
    // They stand beside SISE's figures, whose pictures may be others.
    baselines: named(after, 'sise') === undefined ? before.baselines : after.baselines
  }
}

function summary (report: Explained): string[] {
  const { detector, explain, imageAuroc, scale, size } = report
  const [sise, cam] = [named(explain, 'sise'), named(explain, 'grad-cam')]
  // Figures of fewer pictures say nothing beside those of more.
  const pictures = Math.max(...explain.methods.map(({ n }) => n))
  const most = explain.methods.filter(({ n }) => n === pictures).toSorted((a, b) => (b.ebpg?.value ?? 0) - (a.ebpg?.value ?? 0))[0]
  return [
    report.dataset.name, detector, imageAuroc?.toFixed(4) ?? '–', `${scale ?? ''} ${size ?? ''}`.trim(), [...new Set(explain.methods.map(({ n }) => n))].join(', '),
    `${sise === undefined ? '–' : mapless(sise)} / ${cam === undefined ? '–' : mapless(cam)}`, pairsOf(sise, cam)?.length.toString() ?? '–',
    ratio(sise, cam, 'ebpg', explain.seed), ratio(cam, sise, 'maskL1', explain.seed),
    between(sise?.ebpgLift ?? null, 1), between(sise?.maskL1 ?? null, 4), explain.baselines.zeroMaskL1?.value.toFixed(4) ?? '–', most === undefined ? '–' : `\`${most.method}\``
  ]
}

/** Over the pictures in which both have a map: one without counts as black, which has a small mask-L1 and no EBPG, whatever the other one shows. */
function ratio (above: Method | undefined, below: Method | undefined, figure: 'ebpg' | 'maskL1', seed: number): string {
  const pairs = pairsOf(above, below)
  if (pairs !== null) {
    return between(ratioEstimate(pairs.map(([one]) => one[figure]), pairs.map(([, other]) => other[figure]), { seed, groups: pairs.map(([{ group }]) => group) }), 2)
  }
  // Files without figures of single pictures: the means are of the same pictures where no map is missing.
  const isWhole = above !== undefined && below !== undefined && above.n === below.n && mapless(above) + mapless(below) === 0
  const [numerator, denominator] = [above?.[figure]?.value, below?.[figure]?.value]
  return !isWhole || numerator === undefined || denominator === undefined || denominator === 0 ? '–' : (numerator / denominator).toFixed(2)
}

type Picture = NonNullable<Method['pictures']>[number]

/** `null` where a file has no figures of single pictures. */
function pairsOf (first: Method | undefined, second: Method | undefined): Array<[Picture, Picture]> | null {
  if (first?.pictures === undefined || second?.pictures === undefined) return null
  const others = new Map(second.pictures.map((picture) => [picture.path, picture]))
  return first.pictures.flatMap((picture) => {
    const other = others.get(picture.path)
    return picture.map === 'found' && other?.map === 'found' ? [[picture, other]] : []
  })
}

function methodRows ({ detector, explain }: Explained): string[][] {
  return explain.methods.map((method) => [
    detector, `\`${method.method}\``, String(method.n),
    between(method.ebpg, 3), between(method.ebpgLift, 1), between(method.maskL1, 3), between(method.pointingGame, 2), between(method.bbox, 2), between(method.iouOtsu, 2), between(method.iouTop20, 2),
    String(method.judged ?? method.n), between(method.insertion, 2), between(method.deletion, 2), between(method.drop, 0), between(method.increase, 0),
    `${method.withoutMap}${method.timeUp === undefined || method.timeUp === 0 ? '' : `, ${method.timeUp} more out of time`}`
  ])
}

function unavailable ({ detector, explain }: Explained): string[] {
  const methods = new Map<string, string[]>()
  for (const { method, reason } of explain.unavailable) methods.set(reason, [...methods.get(reason) ?? [], `\`${method}\``])
  return [...methods].map(([reason, names]) => `${detector} without ${names.join(', ')}: ${reason}`)
}

/** Other numbers of pictures have baselines of their own. */
function baselinesOf (reports: readonly Explained[]): string {
  const counted = new Map(reports.flatMap(({ explain }) => explain.methods[0] === undefined ? [] : [[explain.methods[0].n, explain.baselines] as const]))
  return [...counted].sort(([a], [b]) => b - a).map(([n, { zeroMaskL1, uniformMaskL1, areaShare }]) =>
    `Rows of n = ${n}: defects cover ${between(areaShare, 4)} of the area, which is a uniform map's EBPG; mask-L1 of a black map ${between(zeroMaskL1, 4)}, of a white one ${between(uniformMaskL1, 4)}.`).join('\n')
}

const named = ({ methods }: Explain, name: string): Method | undefined => methods.find(({ method }) => method === name)
const mapless = ({ withoutMap, timeUp = 0 }: Method): number => withoutMap + timeUp
const table = (lines: readonly string[][]): string => lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
const titled = (titles: readonly string[]): string[][] => [[...titles], titles.map(() => '---')]

/** A ratio has no end where what it is divided by may be nothing. */
function between (estimate: Interval, digits: number): string {
  if (estimate === null || !Number.isFinite(estimate.value)) return '–'
  const { value, low, high } = estimate
  // JSON has no infinity: of a ratio without an end there is the lower bound alone.
  return low === null ? value.toFixed(digits) : `${value.toFixed(digits)} (${low.toFixed(digits)}–${high === null || !Number.isFinite(high) ? '∞' : high.toFixed(digits)})`
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const reports = process.argv.slice(2).map((file) => validate('evaluation', JSON.parse(readFileSync(file, 'utf8')))).filter(({ explain }) => explain !== undefined)
  const text = readFileSync(page, 'utf8')
  const [before, after] = [text.split(marks[0])[0], text.split(marks[1])[1]]
  if (reports.length === 0 || before === undefined || after === undefined) throw new Error(`Expected files of reports with explanations, and both marks in ${page}`)
  writeFileSync(page, `${before}${marks[0]}\n\n${explanationTables(reports)}\n\n${marks[1]}${after}`)
}
