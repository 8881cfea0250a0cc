import { describe, expect, it } from 'vitest'
import { LabelGuard } from '../../../engine/continual/detector-update/label-guard.ts'
import type { Exemplar } from '../../../engine/continual/buffers/replay-policy.ts'
import type { WaitingPicture } from '../../../engine/continual/label-inbox.ts'
import { normal, seededRandom } from '../../../engine/random.ts'

const random = seededRandom(5)

/** `apart` deviations between the classes along the first axis. */
function exemplar (id: string, label: string, apart: number): Exemplar {
  const side = label === 'plate/good' ? -apart / 2 : apart / 2
  return { id, label, group: null, bytes: 1, features: Float32Array.from({ length: 6 }, (_, axis) => normal(random) + (axis === 0 ? side : 0)), kept: true, priority: 0, weight: 1, score: null, reason: '' }
}

/** Of both classes, `wrong` of thirty are called the other. */
const memoryOf = (apart: number, wrong = 0): Exemplar[] => [['good', 'crack'], ['crack', 'good']].flatMap(([truly, other]) => Array.from({ length: 30 }, (_, index) =>
  ({ ...exemplar(`${truly} ${index}`, `plate/${truly}`, apart), label: `plate/${index < wrong ? other : truly}` })))
const waiting = (sha256: string, label: string, confirmed = false): WaitingPicture => ({ sha256, product: 'plate', label, partId: null, by: 'person', pValue: null, inDrift: false, bytes: 1, confirmed })

/** Of fifty pictures that look like one class and are called another, how many are held back. */
function heldBack (memory: readonly Exemplar[], apart: number, { truly, called, confirmed = false }: { truly: string, called: string, confirmed?: boolean }): number {
  const guard = new LabelGuard(memory)
  return Array.from({ length: 50 }, (_, index) => exemplar(`new ${index}`, `plate/${truly}`, apart))
    .filter((item) => guard.holdingReason(waiting(item.id, called, confirmed), { ...item, label: `plate/${called}` }) !== null).length
}

describe('labels that their pictures contradict', () => {
  it('are held back where the memory tells the classes apart, unless a person has said them twice', () => {
    const memory = memoryOf(8)
    expect(heldBack(memory, 8, { truly: 'crack', called: 'good' })).toBeGreaterThan(45)
    expect(heldBack(memory, 8, { truly: 'good', called: 'good' })).toBeLessThan(5)
    expect(heldBack(memory, 8, { truly: 'crack', called: 'good', confirmed: true })).toBe(0)
  })

  it.each([3, 5, 6])('are held back by a memory of which %i in thirty labels are wrong themselves', (wrong) => {
    const memory = memoryOf(8, wrong)
    expect(heldBack(memory, 8, { truly: 'crack', called: 'good' })).toBeGreaterThan(45)
    expect(heldBack(memory, 8, { truly: 'good', called: 'good' })).toBeLessThan(5)
    expect(new LabelGuard(memory).unchecked(['plate/good', 'plate/crack'])).toEqual([])
  })

  it('are not doubted where right labels of the memory look like another class as often, and the guard says so', () => {
    const memory = memoryOf(0.3)
    expect(heldBack(memory, 0.3, { truly: 'good', called: 'good' })).toBe(0)
    expect(heldBack(memory, 0.3, { truly: 'crack', called: 'crack' })).toBe(0)
    expect(new LabelGuard(memory).unchecked(['plate/good', 'plate/good', 'rod/good']).map(({ text }) => text)).toEqual([
      expect.stringMatching(/^labels of plate\/good are not checked by their pictures: [3-9]\d % of the memory's plate\/(good|crack) looks like another class$/)
    ])
  })
})

describe('what the line says itself', () => {
  const reasonFor = (said: Partial<WaitingPicture>, driftUntil: string | null = null): string | undefined => {
    const item = exemplar('new', `plate/${said.label ?? 'good'}`, 8)
    return new LabelGuard(memoryOf(8), { driftUntil }).holdingReason({ ...waiting('new', 'good'), by: 'line', pValue: 0.9, confirmed: false, labelledAt: '2026-01-02T00:00:00.000Z', ...said }, item)?.reason
  }

  it('is learned only where it says good, far from the limit', () => {
    expect(reasonFor({})).toBeUndefined()
    expect(reasonFor({ pValue: 0.2 })).toBe('near-limit')
    expect(reasonFor({ pValue: null })).toBe('near-limit')
    expect(reasonFor({ label: 'crack', pValue: 0.04 })).toBe('defect-by-line')
    expect(reasonFor({ label: 'crack', pValue: null })).toBe('defect-by-line')
    expect(reasonFor({ label: 'crack', by: 'person', pValue: 0.04 })).not.toBe('defect-by-line')
  })

  it('is not learned where it was said in drift, or before a drift was seen', () => {
    expect(reasonFor({ inDrift: true })).toBe('in-drift')
    expect(reasonFor({}, '2026-01-02T00:00:00.000Z')).toBe('in-drift')
    expect(reasonFor({}, '2026-01-01T23:59:59.999Z')).toBeUndefined()
    expect(reasonFor({ by: 'person', inDrift: true }, '2026-01-03T00:00:00.000Z')).toBeUndefined()
    // Files of before name no time.
    const { labelledAt: _none, ...old } = waiting('new', 'good')
    const guard = new LabelGuard(memoryOf(8), { driftUntil: '2026-01-01T00:00:00.000Z' })
    expect(guard.holdingReason({ ...old, by: 'line', pValue: 0.9 }, exemplar('new', 'plate/good', 8))?.reason).toBe('in-drift')
  })
})
