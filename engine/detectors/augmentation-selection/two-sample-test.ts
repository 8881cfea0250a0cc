/**
 * Can two kinds of pictures be told apart? A classifier is trained on half of them and asked about the other (a classifier two-sample test,
 * Lopez-Paz and Oquab 2017).
 */
import { auroc } from '../../auroc.ts'
import { fitLogisticRegression, logitsOf } from '../classifier/logistic-regression.ts'

/** On standardised features: strong, for there are more features than pictures. */
const penalty = 0.1

/** Pictures of one part, as features; all kinds of it stand on one side of every split. */
export interface Kinds {
  /** Of each kind, `D` numbers. */
  rows: readonly Float32Array[]
}

/** AUROC with which the second kind is told from the first, of pictures not learned from: 0.5 = not at all. @param fold 0 or 1 of each part. */
export function toldApart (parts: readonly Kinds[], fold: (index: number) => number): number {
  const values = [0, 1].map((held) => {
    const logits = judged(parts, fold, held, 2, withSquares)
    const of = (label: number): number[] => logits.filter((answer) => answer.label === label).map(({ values }) => (values[1] ?? 0) - (values[0] ?? 0))
    return auroc(of(0), of(1)) ?? 0.5
  })
  return mean(values)
}

/** Share of pictures not learned from whose kind is recognised. */
export function recognised (parts: readonly Kinds[], fold: (index: number) => number): number {
  const classes = parts[0]?.rows.length ?? 0
  const hits = [0, 1].flatMap((held) => judged(parts, fold, held, classes, (row) => row).map(({ label, values }) => values.indexOf(Math.max(...values)) === label ? 1 : 0))
  return mean(hits)
}

interface Answer { label: number, values: Float64Array }

function judged (parts: readonly Kinds[], fold: (index: number) => number, held: number, classes: number, widened: (row: Float32Array) => Float32Array): Answer[] {
  const learned = parts.filter((_, index) => fold(index) !== held)
  const asked = parts.filter((_, index) => fold(index) === held)
  const centred = standardiser(learned.map(({ rows }) => rows[0] as Float32Array))
  const standard = (row: Float32Array): Float32Array => widened(centred(row))
  const width = standard(asked[0]?.rows[0] ?? new Float32Array()).length
  const rows = new Float32Array(learned.length * classes * width)
  learned.forEach((part, index) => { part.rows.forEach((row, label) => { rows.set(standard(row), (index * classes + label) * width) }) })
  const head = fitLogisticRegression({ rows, width, labels: Uint32Array.from({ length: learned.length * classes }, (_, index) => index % classes), classes }, penalty)
  return asked.flatMap((part) => part.rows.map((row, label) => ({ label, values: logitsOf(head, standard(row)) })))
}

/** By the mean and deviation of these. */
function standardiser (rows: readonly Float32Array[]): (row: Float32Array) => Float32Array {
  const width = rows[0]?.length ?? 0
  const at = (index: number): number[] => rows.map((row) => row[index] as number)
  const means = Float64Array.from({ length: width }, (_, index) => mean(at(index)))
  const gains = Float64Array.from({ length: width }, (_, index) => 1 / (Math.sqrt(mean(at(index).map((value) => (value - (means[index] as number)) ** 2))) || 1))
  return (row) => row.map((value, index) => (value - (means[index] as number)) * (gains[index] as number))
}

/** Beside each feature its square: a kind that varies more to both sides is told by it. */
function withSquares (row: Float32Array): Float32Array {
  return Float32Array.from({ length: 2 * row.length }, (_, index) => {
    const value = row[index % row.length] as number
    return index < row.length ? value : value * value
  })
}

function mean (values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
