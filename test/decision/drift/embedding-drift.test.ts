import { describe, expect, it } from 'vitest'
import { EmbeddingDrift, type EmbeddedPart } from '../../../engine/decision/drift/embedding-drift.ts'
import { normal, seededRandom, type Random } from '../../../engine/random.ts'

const small = { reference: 8, window: 4, compared: 8, remembered: 400, permutations: 199 }

const part = (random: Random, shift = 0, product: string | null = null, isGood = true): EmbeddedPart => ({ product, isGood, features: Float32Array.from({ length: 6 }, () => shift + normal(random)) })

/** Parts until it alarms, at most `parts`; Infinity without. */
function delay (watch: EmbeddingDrift, parts: number, next: (index: number) => EmbeddedPart): number {
  for (let index = 0; index < parts; index++) if (watch.observe(next(index))?.alarming === true) return index + 1
  return Infinity
}

describe('the watch over embeddings', () => {
  it.each([400, 100])('alarms falsely in no larger share of streams than it promises, however often it looks, %i parts remembered', (remembered) => {
    // The one product that comes first has half of the rate: 0.1 of 200 streams, each with 98 looks; above 32 has a probability below 0.5 %.
    const alarms = Array.from({ length: 200 }, (_, seed) => {
      const random = seededRandom(seed)
      return delay(new EmbeddingDrift({ falseAlarmRate: 0.2, seed, ...small, remembered }), 400, () => part(random))
    }).filter(Number.isFinite).length
    expect(alarms).toBeLessThanOrEqual(32)
    expect(alarms).toBeGreaterThan(0)
  })

  it('gives p-values that are uniform while nothing changes', () => {
    const random = seededRandom(7)
    const watch = new EmbeddingDrift({ falseAlarmRate: 1e-6, seed: 7, ...small, remembered: 4000 })
    const values = Array.from({ length: 4008 }, () => watch.observe(part(random))?.pValue).filter((value) => value !== undefined).sort((a, b) => a - b)
    expect(values).toHaveLength(1000)
    // Kolmogorov and Smirnov's 99.9 % point, and the width of a step of the permutation test.
    expect(Math.max(...values.map((p, i) => Math.abs(p - (i + 0.5) / 1000)))).toBeLessThan(1.95 / Math.sqrt(1000) + 1 / 200)
  })

  it.each([0, 300])('finds another look, %i parts on, within three windows', (change) => {
    const found = [0, 1, 2, 3, 4].map((seed) => {
      const random = seededRandom(seed)
      return delay(new EmbeddingDrift({ falseAlarmRate: 0.001, seed }), 64 + change + 96, (index) => part(random, index < 64 + change ? 0 : 1))
    })
    for (const at of found) {
      expect(at).toBeGreaterThan(64 + change)
      expect(at).toBeLessThanOrEqual(64 + change + 96)
    }
  })

  it('compares each product with its own parts', () => {
    const random = seededRandom(1)
    const watch = new EmbeddingDrift({ falseAlarmRate: 0.001, seed: 1 })
    const lots = (index: number): boolean => Math.floor(index / 100) % 2 === 1
    expect(delay(watch, 800, (index) => lots(index) ? part(random, 3, 'rod') : part(random, 0, 'plate'))).toBe(Infinity)
    expect(delay(watch, 100, () => part(random, 3, 'plate'))).toBeLessThanOrEqual(100)
  })

  it('takes no beginning for usual of which most was rejected', () => {
    const random = seededRandom(1)
    const watch = new EmbeddingDrift({ falseAlarmRate: 0.001, seed: 1 })
    const rejected = Array.from({ length: 64 }, () => watch.observe(part(random, 3, null, false)))
    const after = Array.from({ length: 64 + 96 }, () => watch.observe(part(random)))
    expect(rejected.every((answer) => answer === null)).toBe(true)
    expect(after.slice(0, 64).every((answer) => answer === null)).toBe(true)
    expect(after.filter((answer) => answer !== null)).toHaveLength(3)
    expect(after.some((answer) => answer?.alarming === true)).toBe(false)
  })
})
