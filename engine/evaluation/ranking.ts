/** What follows from sorting images by score: ROC, precision and recall, rates at a limit. Higher = less like the good parts. */
import type { Interval } from '../auroc.ts'
import { clopperPearson } from './binomial-interval.ts'

export interface OperatingPoint {
  /** Images with a score of at least this are called defective. */
  threshold: number
  falsePositives: number
  truePositives: number
}

/** One point per distinct score, strictest first; ties move together. */
export function operatingPoints (good: readonly number[], defect: readonly number[]): OperatingPoint[] {
  const all = [...good.map((score) => ({ score, bad: false })), ...defect.map((score) => ({ score, bad: true }))].sort((a, b) => b.score - a.score)
  const points: OperatingPoint[] = []
  let [falsePositives, truePositives] = [0, 0]
  all.forEach(({ score, bad }, i) => {
    if (bad) truePositives++
    else falsePositives++
    if (all[i + 1]?.score !== score) points.push({ threshold: score, falsePositives, truePositives })
  })
  return points
}

/** `[false positive rate, true positive rate]` from (0, 0) to (1, 1). */
export function rocCurve (good: readonly number[], defect: readonly number[]): Array<[number, number]> {
  return [[0, 0], ...operatingPoints(good, defect).map(({ falsePositives, truePositives }): [number, number] => [falsePositives / good.length, truePositives / defect.length])]
}

/** Σ (Rₙ − Rₙ₋₁) Pₙ over the operating points, without interpolation. `null` without defects. */
export function averagePrecision (good: readonly number[], defect: readonly number[]): number | null {
  if (defect.length === 0) return null
  let [area, before] = [0, 0]
  for (const { falsePositives, truePositives } of operatingPoints(good, defect)) {
    area += (truePositives - before) / defect.length * truePositives / (truePositives + falsePositives)
    before = truePositives
  }
  return area
}

export interface BestF1 {
  f1: number
  threshold: number
  precision: number
  recall: number
}

/** The best harmonic mean of precision and recall that any limit gives: chosen on the test set, so a bound, not a promise. */
export function bestF1 (good: readonly number[], defect: readonly number[]): BestF1 | null {
  let best: BestF1 | null = null
  for (const { threshold, falsePositives, truePositives } of operatingPoints(good, defect)) {
    const f1 = 2 * truePositives / (truePositives + falsePositives + defect.length)
    if (best === null || f1 > best.f1) {
      best = { f1, threshold, precision: truePositives / (truePositives + falsePositives), recall: truePositives / defect.length }
    }
  }
  return defect.length === 0 ? null : best
}

/** The largest recall at which at most `share` of the good images are called defective. `null` where a side is empty. */
export function recallAtFalseRejects (good: readonly number[], defect: readonly number[], share: number): number | null {
  if (good.length === 0 || defect.length === 0) return null
  const allowed = operatingPoints(good, defect).filter(({ falsePositives }) => falsePositives <= share * good.length)
  return (allowed.at(-1)?.truePositives ?? 0) / defect.length
}

/** A share of images with its exact 95 % interval; `rate` is `null` where there is no image to count. */
export interface Rate {
  rate: number | null
  count: number
  of: number
  interval: Interval
}

/** The share of `parts` for which `counts` holds. */
export function rateOf<Part> (parts: readonly Part[], counts: (part: Part) => boolean): Rate {
  const count = parts.filter(counts).length
  return { rate: parts.length === 0 ? null : count / parts.length, count, of: parts.length, interval: clopperPearson(count, parts.length) }
}
