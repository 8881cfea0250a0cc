/**
 * Keeps what `goodparts compare --json` measured in docs/measured/families.json, so that a table can grow over many runs, and puts it into the table
 * of families in docs/benchmarks.md, between its two marks:
 *
 *     node scripts/compare-table.ts                                    the table anew
 *     node scripts/compare-table.ts "magnetic_tile, crops" FILE…       takes the runs of FILE in first; a family and seed again replaces the first
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mean } from '../engine/continual/protocol/metrics.ts'
import { validate } from '../engine/schema-validation.ts'
import type { ComparedFit } from '../schemas/comparison.ts'

type Fit = Pick<ComparedFit, 'detector' | 'seed' | 'imageAuroc' | 'pixelAuroc' | 'aupro30' | 'fitSeconds'>

interface Measured {
  /** Best of trivial statistics. */
  baselineAuroc: number | null
  results: Fit[]
}

const docs = join(import.meta.dirname, '..', 'docs')
const [page, kept] = [join(docs, 'benchmarks.md'), join(docs, 'measured', 'families.json')]
const marks = ['<!-- table of families -->', '<!-- end of table of families -->'] as const
const families = ['patch-memory', 'density', 'discriminative', 'contrastive', 'reconstruction', 'distillation', 'template-difference']

const sets = JSON.parse(readFileSync(kept, 'utf8')) as Record<string, Measured>
const [name, ...files] = process.argv.slice(2)
if (name !== undefined) {
  for (const file of files) {
    const { baselineAuroc, results } = validate('comparison', JSON.parse(readFileSync(file, 'utf8')))
    const isAgain = (fit: Fit): boolean => results.some(({ detector, seed }) => detector === fit.detector && seed === fit.seed)
    const all = [...(sets[name]?.results ?? []).filter((fit) => !isAgain(fit)), ...results.map(({ detector, seed, imageAuroc, pixelAuroc, aupro30, fitSeconds }) => ({ detector, seed, imageAuroc, pixelAuroc, aupro30, fitSeconds }))]
    sets[name] = { baselineAuroc, results: all.sort((a, b) => families.indexOf(a.detector) - families.indexOf(b.detector) || a.seed - b.seed) }
  }
  writeFileSync(kept, `${JSON.stringify(sets, null, 2)}\n`)
}

/** `0.981 (0.979–0.984, 3)`: mean, lowest and highest of so many seeds. */
function cell (values: readonly number[]): string {
  if (values.length === 0) return ''
  const spread = values.length === 1 ? '1' : `${Math.min(...values).toFixed(3)}–${Math.max(...values).toFixed(3)}, ${values.length}`
  return `${mean(values).toFixed(3)} (${spread})`
}

function table (value: (fit: Fit) => number | null, more: Record<string, (measured: Measured) => string> = {}): string {
  const rows = Object.entries(sets).map(([set, measured]) => [set, ...families.map((family) => cell(measured.results.filter(({ detector }) => detector === family).flatMap((fit) => value(fit) ?? []))), ...Object.values(more).map((of) => of(measured))])
  const header = ['set', ...families, ...Object.keys(more)]
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

const text = readFileSync(page, 'utf8')
const [before, after] = [text.split(marks[0])[0], text.split(marks[1])[1]]
if (before === undefined || after === undefined) throw new Error(`Expected both marks in ${page}`)
const tables = [
  'Image AUROC:', table(({ imageAuroc }) => imageAuroc, { trivial: ({ baselineAuroc }) => baselineAuroc?.toFixed(3) ?? '' }),
  'AUPRO up to 0.3:', table(({ aupro30 }) => aupro30)
]
writeFileSync(page, `${before}${marks[0]}\n\n${tables.join('\n\n')}\n\n${marks[1]}${after}`)
