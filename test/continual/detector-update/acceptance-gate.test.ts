import { describe, expect, it } from 'vitest'
import { gateDefaults, judgeUpdate, type ProductScores } from '../../../engine/continual/detector-update/acceptance-gate.ts'
import { outliersOf } from '../../../engine/continual/detector-update/label-guard.ts'
import { strangenessOf } from '../../../engine/continual/detector-update/lot-agreement.ts'
import { normal, seededRandom } from '../../../engine/random.ts'

const limits = { before: { review: 8, reject: 10 }, after: { review: 8, reject: 10 } }
const spread = (first: number, count: number, step = 0.1): number[] => Array.from({ length: count }, (_, index) => first + step * index)

function product (change: Partial<ProductScores> = {}): ProductScores {
  const good = spread(1, 40)
  const defect = spread(11, 10)
  return { product: 'plate', known: true, good: { before: good, after: good }, defect: { before: defect, after: defect }, ...change }
}

describe('the acceptance gate', () => {
  it('accepts what leaves every product as it was', () => {
    expect(judgeUpdate([product()], limits)).toMatchObject({ accepted: true, reasons: [], products: [{ falseRejects: { before: 0, after: 0 }, caught: { before: 1, after: 1 }, auroc: { before: 1, after: 1 } }] })
  })

  it('refuses what rejects more good parts than chance explains, with the numbers', () => {
    const good = { before: spread(1, 40), after: spread(1, 40).map((score, index) => index < 5 ? 10.5 : score) }
    expect(judgeUpdate([product({ good })], limits).reasons).toEqual(['plate: 12.5 % of good parts rejected, before 0.0 %'])
    expect(judgeUpdate([product({ good: { before: good.before, after: good.before.map((score, index) => index < 1 ? 10.5 : score) } })], limits).accepted).toBe(true)
  })

  it('judges a good part by the limit that it did not set', () => {
    const good = { before: spread(1, 40), after: spread(1, 40).map((score, index) => index < 5 ? 10.5 : score) }
    const raised = { before: limits.before, after: { review: 8, reject: 11 } }
    expect(judgeUpdate([product({ good })], raised).products[0]!.falseRejects.after).toBe(0)
    const crossFitted = { ...good, limits: good.after.map((_, index) => index < 5 ? 10.2 : 11) }
    expect(judgeUpdate([product({ good: crossFitted })], raised).reasons[0]).toBe('plate: 12.5 % of good parts rejected, before 0.0 %')
  })

  it('refuses what catches fewer of the known defects', () => {
    const defect = { before: spread(11, 10), after: spread(11, 10).map((score, index) => index === 0 ? 9 : score) }
    expect(judgeUpdate([product({ defect })], limits).reasons).toEqual(['plate: 90.0 % of known defects rejected, before 100.0 %'])
    const many = (missed: number): ProductScores['defect'] => ({ before: spread(11, 20), after: spread(11, 20).map((score, index) => index < missed ? 9 : score) })
    expect(judgeUpdate([product({ defect: many(1) })], limits).accepted).toBe(true)
    expect(judgeUpdate([product({ defect: many(2) })], limits).reasons).toEqual(['plate: 90.0 % of known defects rejected, before 100.0 %'])
  })

  it('lets none of many known defects go where the lot is doubted, and only one since they were remembered', () => {
    const defect = { before: spread(11, 20), after: spread(11, 20).map((score, index) => index === 0 ? 9 : score) }
    expect(judgeUpdate([product({ defect })], limits, { ...gateDefaults, mayLoseOne: false }).reasons).toEqual(['plate: 95.0 % of known defects rejected, before 100.0 %'])
    const lostOne = { before: defect.after, after: defect.after.map((score, index) => index === 1 ? 9 : score) }
    expect(judgeUpdate([product({ defect: lostOne })], limits).accepted).toBe(true)
    expect(judgeUpdate([product({ defect: lostOne, lostEarlier: 1 })], limits).reasons).toEqual(['plate: 90.0 % of known defects rejected, before 95.0 %, 1 more before an earlier update'])
    expect(judgeUpdate([product({ defect: { before: defect.after, after: defect.after }, lostEarlier: 1 })], limits).accepted).toBe(true)
  })

  it('refuses what ranks defects worse, even where the limit hides it', () => {
    const defect = { before: spread(11, 10), after: spread(11, 10) }
    const good = { before: spread(1, 40), after: spread(1, 40).map((score, index) => index === 0 ? 13 : score) }
    expect(judgeUpdate([product({ good, defect })], { before: limits.before, after: { review: 12, reject: 20 } }).reasons).toEqual([
      'plate: 0.0 % of known defects rejected, before 100.0 %',
      expect.stringMatching(/plate: AUROC 0.9750, before 1.0000/)
    ])
  })

  it('refuses when an older product cannot be checked', () => {
    const few = product({ product: 'rod', good: { before: spread(1, 4), after: spread(1, 4) } })
    expect(judgeUpdate([product(), few], limits).reasons).toEqual(['rod: 4 held-out good parts, expected at least 10'])
    expect(judgeUpdate([product(), few], limits, { ...gateDefaults, memory: { items: 9, needed: 21, bytes: 2 ** 20, neededBytes: 2 ** 21 } }).reasons).toEqual(['rod: 4 held-out good parts, expected at least 10: the memory holds 9 items, its classes need 21: make it larger'])
    const tight = { ...gateDefaults, memory: { items: 30, needed: 21, bytes: 2 ** 20, neededBytes: 2.5 * 2 ** 20 } }
    expect(judgeUpdate([product(), few], limits, tight).reasons).toEqual(['rod: 4 held-out good parts, expected at least 10: the memory holds 1 MB, its classes need 2.5 MB: make it larger'])
    expect(judgeUpdate([product(), product({ product: 'rod', good: { before: [], after: [] } })], limits).reasons).toEqual(['rod: 0 held-out good parts, expected at least 10: label good parts of it again, or fit anew without it'])
    expect(judgeUpdate([product({ known: false })], limits).reasons[0]).toMatch(/no product that the model knew/)
  })

  it('does not hold a new product’s former scores against an update', () => {
    const fresh = product({ product: 'rod', known: false, good: { before: spread(20, 20), after: spread(1, 20) }, defect: { before: spread(30, 5), after: spread(9, 5, 0.05) } })
    expect(judgeUpdate([product(), fresh], limits)).toMatchObject({ accepted: true })
  })
})

describe('a lot', () => {
  const width = 4
  const random = seededRandom(4)
  const near = (centre: number[]): number[] => centre.map((value) => value + 0.1 * normal(random))
  /** Each picture has patches of two kinds; some have one that is foreign. */
  const patches = (foreign: boolean): Float32Array => Float32Array.from([...near([1, 0, 0, 0]), ...near([0, 1, 0, 0]), ...foreign ? near([0, 0, 0, 3]) : near([1, 0, 0, 0])])

  it.each([1, 4, 7])('of twenty shows the %i that have what the others have not', (wrong) => {
    const lot = Array.from({ length: 20 }, (_, index) => patches(index < wrong))
    const bank = { entries: Float32Array.of(5, 5, 5, 5), width }
    expect(outliersOf(strangenessOf(bank, lot))).toEqual(Array.from({ length: wrong }, (_, index) => index))
  })

  it('shows none for what the bank knows already', () => {
    const lot = Array.from({ length: 20 }, (_, index) => patches(index < 4))
    expect(outliersOf(strangenessOf({ entries: Float32Array.of(0, 0, 0, 3), width }, lot))).toEqual([])
  })

  it('of four is too small to say', () => {
    expect(outliersOf([1, 1, 1, 50])).toEqual([])
  })
})
