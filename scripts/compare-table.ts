/**
 * Keeps what `goodparts compare --json` measured in docs/measured/families.json, so that a table can grow over many runs, and puts it into the table
 * of families in docs/benchmarks.md, between its two marks:
 *
 *     node scripts/compare-table.ts                                    the table anew
 *     node scripts/compare-table.ts "magnetic_tile, crops" FILE…       takes the runs of FILE in first; a family and seed again replaces the first
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mean } from '../engine/continual/protocol/metrics.ts'
import { median } from '../engine/quantile.ts'
import { validate } from '../engine/schema-validation.ts'
import type { ComparedFit, ComparisonReport } from '../schemas/comparison.ts'

/** The first that were kept lack speed and size. */
type Fit = Pick<ComparedFit, 'detector' | 'seed' | 'imageAuroc' | 'pixelAuroc' | 'aupro30' | 'fitSeconds'> & Partial<Pick<ComparedFit, 'imagesPerSecond' | 'bundleBytes'>>

export interface Measured {
  /** Best of trivial statistics. */
  baselineAuroc: number | null
  results: Fit[]
}

const docs = join(import.meta.dirname, '..', 'docs')
const [page, kept] = [join(docs, 'benchmarks.md'), join(docs, 'measured', 'families.json')]
const marks = ['<!-- table of families -->', '<!-- end of table of families -->'] as const
const families = ['patch-memory', 'density', 'discriminative', 'contrastive', 'reconstruction', 'distillation', 'template-difference']

/** A family and seed again replaces the first. */
export function withRuns (before: Measured | undefined, { baselineAuroc, results }: Pick<ComparisonReport, 'baselineAuroc' | 'results'>): Measured {
  const isAgain = (fit: Fit): boolean => results.some(({ detector, seed }) => detector === fit.detector && seed === fit.seed)
  const all = [...(before?.results ?? []).filter((fit) => !isAgain(fit)), ...results.map(({ detector, seed, imageAuroc, pixelAuroc, aupro30, fitSeconds, imagesPerSecond, bundleBytes }) =>
    ({ detector, seed, imageAuroc, pixelAuroc, aupro30, fitSeconds, imagesPerSecond, bundleBytes }))]
  return { baselineAuroc, results: all.sort((a, b) => families.indexOf(a.detector) - families.indexOf(b.detector) || a.seed - b.seed) }
}

/** A table for each figure, as Markdown: a row for each set, a column for each family. */
export function familyTables (sets: Readonly<Record<string, Measured>>): string {
  return [
    'Image AUROC:', table(sets, ({ imageAuroc }) => imageAuroc, cell, { trivial: ({ baselineAuroc }) => baselineAuroc?.toFixed(3) ?? '' }),
    'AUPRO up to 0.3:', table(sets, ({ aupro30 }) => aupro30, cell),
    'Images/s, the median of the seeds whose speed was kept:', table(sets, ({ imagesPerSecond }) => imagesPerSecond, (speeds) => speeds.length === 0 ? '–' : median(speeds).toPrecision(3))
  ].join('\n\n')
}

/** `0.981 (0.979–0.984, 3)`: mean, lowest and highest of so many seeds. */
function cell (values: readonly number[]): string {
  if (values.length === 0) return ''
  const spread = values.length === 1 ? '1' : `${Math.min(...values).toFixed(3)}–${Math.max(...values).toFixed(3)}, ${values.length}`
  return `${mean(values).toFixed(3)} (${spread})`
}

function table (sets: Readonly<Record<string, Measured>>, value: (fit: Fit) => number | null | undefined, shown: (values: readonly number[]) => string, more: Record<string, (measured: Measured) => string> = {}): string {
  const rows = Object.entries(sets).map(([set, measured]) => [set, ...families.map((family) => shown(measured.results.filter(({ detector }) => detector === family).flatMap((fit) => value(fit) ?? []))), ...Object.values(more).map((of) => of(measured))])
  const header = ['set', ...families, ...Object.keys(more)]
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function main (): void {
  const sets = JSON.parse(readFileSync(kept, 'utf8')) as Record<string, Measured>
  const [name, ...files] = process.argv.slice(2)
  if (name !== undefined) {
    for (const file of files) sets[name] = withRuns(sets[name], validate('comparison', JSON.parse(readFileSync(file, 'utf8'))))
    writeFileSync(kept, `${JSON.stringify(sets, null, 2)}\n`)
  }
  const text = readFileSync(page, 'utf8')
  const [before, after] = [text.split(marks[0])[0], text.split(marks[1])[1]]
  if (before === undefined || after === undefined) throw new Error(`Expected both marks in ${page}`)
  writeFileSync(page, `${before}${marks[0]}\n\n${familyTables(sets)}\n\n${marks[1]}${after}`)
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) main()
