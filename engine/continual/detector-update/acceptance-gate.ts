/**
 * Whether an update may be used: good parts that it has not seen must pass as they did, known defects must be caught as they were, of every
 * product that the model knew and of the new one. Pure; the numbers stay with the answer.
 */
import { auroc } from '../../auroc.ts'
import { clopperPearson } from '../../evaluation/binomial-interval.ts'
import { fewestGoodParts } from '../buffers/class-rounds.ts'
import type { CodedText, ProductReport } from '../../../schemas/learning.ts'

/** Scores of one product's held-out pictures, before and after, in the same order. */
export interface ProductScores {
  product: string
  /** The model knew it before. */
  known: boolean
  /** `limits`: reject limits of the update that the parts themselves did not set, one per part; without, `after.reject` judges all. */
  good: { before: readonly number[], after: readonly number[], limits?: readonly number[] }
  defect: { before: readonly number[], after: readonly number[] }
  /** Defects that were caught once, and pass since an earlier update. */
  lostEarlier?: number
  /** Reject limits of the product; without, those of all. */
  limits?: { before: number, after: number }
}

export interface Limits { review: number, reject: number }

export interface GateOptions {
  /** Held-out good parts that each known product must have. */
  fewestGood: number
  /** Of AUROC, and of the share of defects beyond the reject limit. */
  largestDrop: number
  /** Of twenty known defects and more, one may be lost since it was remembered. Default true. Where the lot's labels are doubted, or its good parts raise the limit, losing one is what a wrong label does. */
  mayLoseOne?: boolean
  /** Of the memory that the held-out parts are kept in: its bounds, and the places that its classes need, with their pictures' bytes. */
  memory?: { items: number, needed: number, bytes: number, neededBytes: number }
}

export const gateDefaults: GateOptions = { fewestGood: fewestGoodParts, largestDrop: 0.02 }

export interface GateAnswer {
  accepted: boolean
  /** What speaks against it, with the numbers; empty when accepted. */
  reasons: string[]
  /** The same with codes; absent in answers that were kept before there were any. */
  objections?: CodedText[]
  /** What could not be checked, whatever the answer. */
  notices?: CodedText[]
  products: ProductReport[]
  limits: { before: Limits, after: Limits }
}

export function judgeUpdate (products: readonly ProductScores[], limits: GateAnswer['limits'], options: GateOptions = gateDefaults): GateAnswer {
  const changes = products.map((scores) => changeOf(scores, limits))
  const found = changes.flatMap((change) => objections(change, options))
  if (!changes.some(({ known, good }) => known && good >= options.fewestGood)) {
    const fewest = options.fewestGood
    found.unshift({ code: 'nothing-to-check-on', values: { fewest }, text: `no product that the model knew has ${fewest} held-out good parts to check it on: confirm good parts of the products that run` })
  }
  return { accepted: found.length === 0, reasons: found.map(({ text }) => text), objections: found, products: changes, limits }
}

/** The answer with another objection, which comes first. */
export function refusedFor (objection: CodedText, { reasons, objections = [], ...answer }: GateAnswer): GateAnswer {
  return { ...answer, accepted: false, reasons: [objection.text, ...reasons], objections: [objection, ...objections] }
}

function changeOf ({ product, known, good, defect, lostEarlier = 0, limits: own }: ProductScores, limits: GateAnswer['limits']): ProductReport {
  const { before, after } = own ?? { before: limits.before.reject, after: limits.after.reject }
  const area = (goodScores: readonly number[], defectScores: readonly number[]): number | null => auroc(goodScores, defectScores)
  const [areaBefore, areaAfter] = [area(good.before, defect.before), area(good.after, defect.after)]
  return {
    product,
    known,
    good: good.after.length,
    defects: defect.after.length,
    falseRejects: { before: beyond(good.before, before), after: beyond(good.after, good.limits ?? after) },
    lostEarlier,
    caught: defect.after.length === 0 ? null : { before: beyond(defect.before, before), after: beyond(defect.after, after) },
    auroc: areaBefore === null || areaAfter === null ? null : { before: areaBefore, after: areaAfter },
    ...(own === undefined ? {} : { limits: own })
  }
}

/** One defect among so many may be lost: below, a share moves by more than `largestDrop` with every single one. */
const fewestToLoseOne = 20
/** Share of the good parts of a new product that may be rejected. */
const mostOfNew = 0.05

function objections ({ product, known, good, defects, falseRejects, caught, auroc, lostEarlier = 0 }: ProductReport, { fewestGood, largestDrop, mayLoseOne = true, memory }: GateOptions): CodedText[] {
  const found: CodedText[] = []
  const object = (code: string, values: Record<string, number>, text: string): void => { found.push({ code, values: { product, ...values }, text: `${product}: ${text}` }) }
  if (known && good < fewestGood) {
    const { values, text } = roomNeeded(memory)
    const remedies = [...(good === 0 ? ['label good parts of it again, or fit anew without it'] : []), ...(text === '' ? [] : [text])]
    object('few-held-out', { good, fewest: fewestGood, ...values }, [`${good} held-out good parts, expected at least ${fewestGood}`, ...(remedies.length === 0 ? [] : [remedies.join('; ')])].join(': '))
  }
  // One more than before may be chance; a share whose count the one before makes improbable is not.
  const rejected = Math.round(falseRejects.after * good)
  const before = known ? falseRejects.before : mostOfNew
  if (rejected > 0 && rejected > Math.round(before * good) + 1 && improbable(rejected, good, Math.max(before, 0.02))) {
    if (known) object('good-rejected', falseRejects, `${percent(falseRejects.after)} of good parts rejected, before ${percent(falseRejects.before)}`)
    else object('new-good-rejected', { after: falseRejects.after, most: mostOfNew }, `${percent(falseRejects.after)} of good parts rejected, expected at most 5 %`)
  }
  if (!known) return found
  const lostNow = caught === null ? 0 : Math.round((caught.before - caught.after) * defects)
  const lost = lostNow + lostEarlier
  if (caught !== null && lostNow > 0 && lost > (mayLoseOne && defects >= fewestToLoseOne ? 1 : 0) && lost > largestDrop * defects) {
    const earlier = lostEarlier === 0 ? '' : `, ${lostEarlier} more before an earlier update`
    object('defects-passed', { ...caught, lostEarlier }, `${percent(caught.after)} of known defects rejected, before ${percent(caught.before)}${earlier}`)
  }
  if (auroc !== null && auroc.before - auroc.after > largestDrop) object('auroc-fell', auroc, `AUROC ${auroc.after.toFixed(4)}, before ${auroc.before.toFixed(4)}`)
  return found
}

/** Where the memory is too small for what its classes need, in places or in bytes. */
function roomNeeded (memory: GateOptions['memory']): { values: Record<string, number>, text: string } {
  if (memory === undefined) return { values: {}, text: '' }
  const { items, needed, bytes, neededBytes } = memory
  if (items < needed) return { values: { items, needed }, text: `the memory holds ${items} items, its classes need ${needed}: make it larger` }
  if (bytes >= neededBytes) return { values: {}, text: '' }
  const [megabytes, neededMegabytes] = [inMegabytes(bytes), inMegabytes(neededBytes)]
  return { values: { megabytes, neededMegabytes }, text: `the memory holds ${megabytes} MB, its classes need ${neededMegabytes} MB: make it larger` }
}

/** Of 2^20 bytes, as the bound is given; two digits, rounded up. */
function inMegabytes (bytes: number): number {
  return Math.ceil(100 * bytes / 2 ** 20) / 100
}

/** P(Binomial(n, rate) >= count) below 5 %: the rate lies below the one-sided interval of what was seen. */
function improbable (count: number, n: number, rate: number): boolean {
  return clopperPearson(count, n, 0.9).low > rate
}

function beyond (scores: readonly number[], limits: number | readonly number[]): number {
  return scores.length === 0 ? 0 : scores.filter((score, index) => score > (typeof limits === 'number' ? limits : limits[index] as number)).length / scores.length
}

function percent (share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
