/**
 * What limits are set by after an update: the scores of held-out good parts, of all products together, and of each product where there are several,
 * because one limit for products whose good parts score apart lies where the worst of them does.
 */
import type { ModelBundle } from '../../bundle/bundle.ts'
import { createDecision } from '../../decision/decision.ts'
import { fewestGoodParts } from '../buffers/class-rounds.ts'
import { isGoodLabel } from '../protocol/continual-set.ts'
import { byLabel } from '../samples.ts'
import type { Limits } from './acceptance-gate.ts'
import { productOf } from './label-guard.ts'

/** A held-out picture under the model in use and under the one proposed. */
export interface Checked { id: string, label: string, before: number, after: number, inLot: boolean, byPerson: boolean }

/** Ascending. */
export interface Calibration {
  scores: readonly number[]
  /** Of products with limits of their own. */
  products?: Readonly<Record<string, readonly number[]>>
}

export interface Rates { reviewRate: number, rejectRate: number }

/**
 * The old scores, moved as those of remembered good parts have moved, and the lot's own that a person has vouched for: what the line calls good
 * is only taken far from the limit and would pull it down. A product has limits of its own from the time when there is another beside it and
 * `fewestGoodParts` scores of it.
 * @param own Products to have limits of their own, however few their scores; without, as said.
 */
export function calibrationAfter ({ metadata: { calibration, options } }: ModelBundle, checked: readonly Checked[], own?: readonly string[]): { scores: number[], products: Record<string, number[]> } {
  const good = checked.filter(({ label }) => isGoodLabel(label))
  const remembered = good.filter(({ inLot }) => !inLot)
  const fresh = good.filter(({ inLot, byPerson }) => inLot && byPerson)
  const listed = Array.isArray(options.products) ? options.products : []
  const before: Readonly<Record<string, readonly number[]>> = calibration.products ?? {}
  const present = [...new Set([...listed.filter((product) => typeof product === 'string'), ...Object.keys(before), ...fresh.map(({ label }) => productOf(label))])]
  const ofProduct = (product: string): number[] => {
    const has = ({ label }: Checked): boolean => productOf(label) === product
    // Of a single product until now, all scores are its own.
    const known = before[product] ?? (listed.length === 1 && listed[0] === product ? calibration.scores : null)
    const old = known === null ? remembered.filter(has).map(({ after }) => after) : moved(known, remembered.filter(has))
    return [...old, ...fresh.filter(has).map(({ after }) => after)].sort((a, b) => a - b)
  }
  const scored = (own ?? (present.length > 1 ? present : [])).map((product): [string, number[]] => [product, ofProduct(product)])
  return {
    scores: [...moved(calibration.scores, remembered), ...fresh.map(({ after }) => after)].sort((a, b) => a - b),
    products: Object.fromEntries(scored.filter(([, scores]) => scores.length >= (own === undefined ? fewestGoodParts : 1)))
  }
}

/**
 * As many scores as before: the quantiles of all products of a score and of the factor by which some part moved. Not the median factor alone: what
 * moves parts by different factors spreads their scores.
 */
function moved (scores: readonly number[], parts: readonly Checked[]): number[] {
  const factors = parts.filter(({ before }) => before > 0).map(({ before, after }) => after / before)
  if (factors.every((factor) => factor === 1)) return [...scores]
  const all = Float64Array.from(scores.flatMap((score) => factors.map((factor) => score * factor))).sort()
  return scores.map((_, rank) => all[Math.floor((rank + 0.5) / scores.length * all.length)] as number)
}

/** Of a product, or where it has none of its own, of all. */
export function limitsOf ({ scores, products = {} }: Calibration, product: string | null, { reviewRate, rejectRate }: Rates): Limits {
  const own = product !== null && Object.hasOwn(products, product) ? products[product] : undefined
  return createDecision({ calibrationScores: own ?? scores, reviewRate, rejectRate }).limits
}

/** Each half of the lot's good parts, product by product, is judged by the limit that the other half sets: no part vouches for itself. @returns the reject limit of a part */
export function crossFitted (parent: ModelBundle, checked: readonly Checked[], after: Calibration, rates: Rates): (part: Checked) => number {
  const halves: [Set<Checked>, Set<Checked>] = [new Set(), new Set()]
  for (const parts of byLabel(checked.filter(({ label, inLot, byPerson }) => inLot && byPerson && isGoodLabel(label))).values()) {
    for (const [index, part] of parts.entries()) halves[index % 2 === 0 ? 0 : 1].add(part)
  }
  const own = Object.keys(after.products ?? {})
  const others = halves.map((half) => calibrationAfter(parent, checked.filter((part) => !half.has(part)), own))
  const limits = new Map<string, number>()
  return (part) => {
    const half = halves.findIndex((each) => each.has(part))
    const key = `${half} ${productOf(part.label)}`
    const limit = limits.get(key) ?? limitsOf(others[half] ?? after, productOf(part.label), rates).reject
    limits.set(key, limit)
    return limit
  }
}
