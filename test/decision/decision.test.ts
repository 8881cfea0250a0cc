import { describe, expect, it } from 'vitest'
import { conformalPValue, createDecision } from '../../engine/decision/decision.ts'
import { falseRejectQuantile, goodPartsNeeded } from '../../engine/decision/order-statistics.ts'
import { normal, seededRandom } from '../../engine/random.ts'

describe('order statistics', () => {
  // Means k/(n+1) and 95 % points of Beta(k, n+1-k), computed independently.
  it.each([[50, 1, 0.0582], [50, 2, 0.0914], [50, 5, 0.174], [200, 1, 0.0149], [200, 2, 0.0235], [1000, 5, 0.0091]])('of %i scores: the %i. largest is exceeded by at most %d', (n, k, upper) => {
    expect(falseRejectQuantile(k, n, 0.95)).toBeCloseTo(upper, 3)
  })

  it('ask for the number of parts that a promise needs', () => {
    expect([0.01, 0.005, 0.001].map((rate) => goodPartsNeeded(rate))).toEqual([299, 598, 2995])
  })
})

describe('the conformal p-value', () => {
  it('counts scores at least as high, equal ones too', () => {
    const scores = [1, 2, 2, 3]
    expect([0, 1, 1.5, 2, 2.5, 3, 4].map((score) => conformalPValue(scores, score))).toEqual([1, 1, 0.8, 0.8, 0.4, 0.4, 0.2])
  })

  it('is at most the rate exactly when the score is above the limit', () => {
    const random = seededRandom(5)
    const calibrationScores = Array.from({ length: 199 }, () => Math.round(20 * normal(random)) / 10)
    const sorted = calibrationScores.toSorted((a, b) => a - b)
    const decision = createDecision({ calibrationScores, reviewRate: 0.1, rejectRate: 0.01 })
    for (const score of [...calibrationScores, -9, 0.123, 9]) {
      const p = conformalPValue(sorted, score)
      expect(decision.judge(score)).toMatchObject({ pValue: p, verdict: p <= 0.01 ? 'reject' : p <= 0.1 ? 'review' : 'good' })
    }
  })
})

describe('limits', () => {
  it('reject the promised share of good parts: 200 held out, 1 %, 2000 repeats', () => {
    const random = seededRandom(17)
    const repeats = 2000
    const n = 200
    const shares = Array.from({ length: repeats }, () => {
      // Of uniform scores the share above a limit is known exactly.
      const { limits } = createDecision({ calibrationScores: Array.from({ length: n }, random), reviewRate: 0.05, rejectRate: 0.01 })
      return 1 - limits.reject
    })
    const mean = shares.reduce((sum, share) => sum + share, 0) / repeats
    // Beta(2, 199): mean 2/201, variance ab/((a+b)²(a+b+1)).
    const deviation = Math.sqrt(2 * 199 / (201 ** 2 * 202)) / Math.sqrt(repeats)
    expect(Math.abs(mean - 2 / 201)).toBeLessThan(3 * deviation)
    const above = shares.filter((share) => share > falseRejectQuantile(2, n, 0.95)).length / repeats
    expect(above).toBeGreaterThan(0.035)
    expect(above).toBeLessThan(0.065)
  })

  it('of tied scores reject none of the ties', () => {
    const decision = createDecision({ calibrationScores: Array.from({ length: 100 }, () => 1), reviewRate: 0.05, rejectRate: 0.02 })
    expect(decision.limits).toEqual({ review: 1, reject: 1 })
    expect(decision.judge(1).verdict).toBe('good')
    expect(decision.judge(1.0001).verdict).toBe('reject')
  })

  it('continue the tail, and say so, when there are too few parts for the rate', () => {
    const random = seededRandom(3)
    const calibrationScores = Array.from({ length: 50 }, () => 2 + 0.3 * normal(random))
    const largest = Math.max(...calibrationScores)
    const { limits, statement } = createDecision({ calibrationScores })
    expect(limits.reject).toBeGreaterThan(largest)
    expect(limits.reject).toBeLessThan(largest + 1)
    expect(limits.review).toBeLessThan(largest)
    expect(statement).toContain('With 50 held-out good parts a false-reject rate under 1.96 % cannot be promised')
    expect(statement).toContain('5.82 %')
    expect(statement).toContain('199 held-out good parts would promise it on average, 598 with 95 % confidence')
  })

  it('of an exponential tail are near its quantile', () => {
    const random = seededRandom(8)
    const errors = Array.from({ length: 300 }, () => {
      const { limits } = createDecision({ calibrationScores: Array.from({ length: 60 }, () => -Math.log(1 - random())), rejectRate: 0.005 })
      return limits.reject + Math.log(0.005)
    })
    expect(Math.abs(errors.reduce((sum, error) => sum + error, 0) / errors.length)).toBeLessThan(0.4)
  })

  it('never cross, whatever the number of parts', () => {
    const random = seededRandom(4)
    for (let n = 1; n < 400; n += 7) {
      const { limits } = createDecision({ calibrationScores: Array.from({ length: n }, () => normal(random)) })
      expect(Number.isFinite(limits.reject) && limits.review <= limits.reject).toBe(true)
    }
  })
})

describe('a decision', () => {
  it('never calls a score that is no number good', () => {
    const decision = createDecision({ calibrationScores: [1, 2, 3] })
    for (const score of [NaN, Infinity]) expect(decision.judge(score)).toMatchObject({ verdict: 'not-inspected', pValue: null, reason: { code: 'scoring-failed' } })
  })

  it.each([
    { calibrationScores: [] }, { calibrationScores: [1, NaN] }, { calibrationScores: [1], rejectRate: 0 }, { calibrationScores: [1], reviewRate: 0.01, rejectRate: 0.02 }, { calibrationScores: [1], reviewRate: 1 }
  ])('is refused for %j', (options) => {
    expect(() => createDecision(options)).toThrow(expect.objectContaining({ code: 'GOODPARTS_ARGUMENT' }))
  })
})

it('says what so few held-out good parts can promise of reviews, and nothing where they promise what was asked', () => {
  const scores = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

  expect(createDecision({ calibrationScores: scores(12) }).weakPromise).toEqual({ asked: 0.05, promised: 1 / 13, atMost: expect.closeTo(1 - 0.05 ** (1 / 12), 3) as number, heldOut: 12, needed: 19 })
  expect(createDecision({ calibrationScores: scores(18) }).weakPromise).not.toBeNull()
  expect(createDecision({ calibrationScores: scores(19) }).weakPromise).toBeNull()
})

describe('limits per product', () => {
  const common = Array.from({ length: 99 }, (_, index) => index + 1)
  const decision = createDecision({ calibrationScores: common, productScores: { tile: common.map((score) => score / 10) } })

  it('judge the parts of that product, and the common ones all others', () => {
    expect(decision.forProduct('tile').judge(50).verdict).toBe('reject')
    for (const product of ['plate', 'toString', '', null]) {
      expect(decision.forProduct(product)).toBe(decision)
      expect(decision.forProduct(product).judge(50).verdict).toBe('good')
    }
    expect(decision.forProduct('tile').judge(5).pValue).toBeCloseTo(decision.judge(50).pValue!, 12)
  })

  it('are named, with what they promise', () => {
    const few = createDecision({ calibrationScores: common, productScores: { tile: common.slice(0, 12) } })
    expect(few.weakPromise).toBeNull()
    expect(few.forProduct('tile').weakPromise).toMatchObject({ heldOut: 12 })
    expect(few.statement).toContain(`For tile: ${few.forProduct('tile').statement}`)
    expect([...few.products.keys()]).toEqual(['tile'])
  })

  it('need scores of the product', () => {
    expect(() => createDecision({ calibrationScores: common, productScores: { tile: [] } })).toThrow(/held-out good parts, got none/)
  })
})
