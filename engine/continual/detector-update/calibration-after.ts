/**
 * What limits are set by after an update: the scores of held-out good parts, of all products together, and of each product where there are several,
 * because one limit for products whose good parts score apart lies where the worst of them does.
 */
import { createDecision } from '../../decision/decision.ts'
import { fewestGoodParts } from '../buffers/class-rounds.ts'
import { isGoodLabel } from '../protocol/continual-set.ts'
import { byLabel } from '../samples.ts'
import type { BundleMetadata } from '../../../schemas/bundle.ts'
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

/** A calibration whose scores know their pictures: SHA-256 of each, in the order of the scores, `null` where the fit has set the score. */
export interface CalibrationOfPictures {
  scores: number[]
  pictures: Array<string | null>
  /** Of products with limits of their own. */
  products: Record<string, number[]>
  productPictures: Record<string, Array<string | null>>
}

/** Of a bundle, as far as it says what sets the limits. */
type Calibrated = { metadata: Pick<BundleMetadata, 'calibration' | 'options'> }

interface Scored { score: number, picture: string | null }

export interface Rates { reviewRate: number, rejectRate: number }

/**
 * The old scores, moved as those of remembered good parts have moved, and the lot's own that a person has vouched for: what the line calls good
 * is only taken far from the limit and would pull it down. A product has limits of its own from the time when there is another beside it and
 * `fewestGoodParts` scores of it.
 * @param own Products to have limits of their own, however few their scores; without, as said.
 */
export function calibrationAfter ({ metadata: { calibration, options } }: Calibrated, checked: readonly Checked[], own?: readonly string[]): CalibrationOfPictures {
  const good = checked.filter(({ label }) => isGoodLabel(label))
  const remembered = good.filter(({ inLot }) => !inLot)
  const fresh = good.filter(({ inLot, byPerson }) => inLot && byPerson)
  const listed = Array.isArray(options.products) ? options.products : []
  const all = scoredOf(calibration.scores, calibration.pictures)
  const before = new Map(Object.entries(calibration.products ?? {}).map(([product, scores]) => [product, scoredOf(scores, calibration.productPictures?.[product])]))
  const present = [...new Set([...listed.filter((product) => typeof product === 'string'), ...before.keys(), ...fresh.map(({ label }) => productOf(label))])]
  const ofProduct = (product: string): Scored[] => {
    const has = ({ label }: Checked): boolean => productOf(label) === product
    // Of a single product until now, all scores are its own.
    const known = before.get(product) ?? (listed.length === 1 && listed[0] === product ? all : null)
    const old = known === null ? remembered.filter(has).map(scoredAfter) : moved(known, remembered.filter(has))
    return ascending([...old, ...fresh.filter(has).map(scoredAfter)])
  }
  const common = ascending([...moved(all, remembered), ...fresh.map(scoredAfter)])
  const products = (own ?? (present.length > 1 ? present : []))
    .map((product): [string, Scored[]] => [product, ofProduct(product)])
    .filter(([, scored]) => scored.length >= (own === undefined ? fewestGoodParts : 1))
  return {
    scores: common.map(({ score }) => score),
    pictures: common.map(({ picture }) => picture),
    products: Object.fromEntries(products.map(([product, scored]) => [product, scored.map(({ score }) => score)])),
    productPictures: Object.fromEntries(products.map(([product, scored]) => [product, scored.map(({ picture }) => picture)]))
  }
}

/** Without the scores of these pictures: what a person takes back, or says anew, sets no limit by what was said before. Those that the fit has set stay. */
export function withoutPictures<T extends Calibrated> (bundle: T, pictures: ReadonlySet<string>): T {
  const { calibration } = bundle.metadata
  const stay = (scores: readonly number[], of?: ReadonlyArray<string | null>): Scored[] => scoredOf(scores, of).filter(({ picture }) => picture === null || !pictures.has(picture))
  const common = stay(calibration.scores, calibration.pictures)
  const products = Object.entries(calibration.products ?? {}).map(([product, scores]) => [product, stay(scores, calibration.productPictures?.[product])] as const)
  return {
    ...bundle,
    metadata: {
      ...bundle.metadata,
      calibration: {
        ...calibration,
        scores: common.map(({ score }) => score),
        pictures: common.map(({ picture }) => picture),
        products: Object.fromEntries(products.map(([product, scored]) => [product, scored.map(({ score }) => score)])),
        productPictures: Object.fromEntries(products.map(([product, scored]) => [product, scored.map(({ picture }) => picture)]))
      }
    }
  }
}

/** Of bundles of before, and where the two do not fit together, no score has a picture. */
function scoredOf (scores: readonly number[], pictures: ReadonlyArray<string | null> = []): Scored[] {
  return scores.map((score, index) => ({ score, picture: pictures.length === scores.length ? pictures[index] as string | null : null }))
}

function scoredAfter ({ id, after }: Checked): Scored {
  return { score: after, picture: id }
}

function ascending (scored: readonly Scored[]): Scored[] {
  return scored.toSorted((a, b) => a.score - b.score)
}

/**
 * As many scores as before: the quantiles of all products of a score and of the factor by which some part moved. Not the median factor alone: what
 * moves parts by different factors spreads their scores. Each stays the score of its picture, as the order of scores stays.
 */
function moved (scored: readonly Scored[], parts: readonly Checked[]): Scored[] {
  const factors = parts.filter(({ before }) => before > 0).map(({ before, after }) => after / before)
  if (factors.every((factor) => factor === 1)) return [...scored]
  const all = Float64Array.from(scored.flatMap(({ score }) => factors.map((factor) => score * factor))).sort()
  return ascending(scored).map(({ picture }, rank) => ({ picture, score: all[Math.floor((rank + 0.5) / scored.length * all.length)] as number }))
}

/** Of a product, or where it has none of its own, of all. */
export function limitsOf ({ scores, products = {} }: Calibration, product: string | null, { reviewRate, rejectRate }: Rates): Limits {
  const own = product !== null && Object.hasOwn(products, product) ? products[product] : undefined
  return createDecision({ calibrationScores: own ?? scores, reviewRate, rejectRate }).limits
}

/** Each half of the lot's good parts, product by product, is judged by the limit that the other half sets: no part vouches for itself. @returns the reject limit of a part */
export function crossFitted (parent: Calibrated, checked: readonly Checked[], after: Calibration, rates: Rates): (part: Checked) => number {
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
