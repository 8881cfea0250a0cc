import { describe, expect, it } from 'vitest'
import { averageAccuracy, backwardTransfer, balancedAccuracy, endAccuracy, forgetting, forwardTransfer } from '../../../engine/continual/protocol/metrics.ts'
import { pairedDifference } from '../../../engine/continual/protocol/paired-comparison.ts'

// Rows: after task 1, 2, 3; columns: on task 1, 2, 3.
const table = [[0.9, 0.2, 0.1], [0.7, 0.8, 0.3], [0.5, 0.9, 0.6]]

describe('continual metrics', () => {
  it('end accuracy is the mean of the last row', () => {
    expect(endAccuracy(table)).toBeCloseTo((0.5 + 0.9 + 0.6) / 3, 12)
  })

  it('average accuracy is the mean over time of what was seen', () => {
    expect(averageAccuracy(table)).toBeCloseTo((0.9 + (0.7 + 0.8) / 2 + (0.5 + 0.9 + 0.6) / 3) / 3, 12)
  })

  it('forgetting compares with the best before the end, task by task but the last', () => {
    expect(forgetting(table)).toBeCloseTo(((0.9 - 0.5) + (0.8 - 0.9)) / 2, 12)
  })

  it('backward transfer compares with the task’s own row', () => {
    expect(backwardTransfer(table)).toBeCloseTo(((0.5 - 0.9) + (0.9 - 0.8)) / 2, 12)
  })

  it('forward transfer is the mean of all pairs of a task and a later one, above random initial weights', () => {
    expect(forwardTransfer(table, [0, 0, 0])).toBeCloseTo((0.2 + 0.1 + 0.3) / 3, 12)
    expect(forwardTransfer(table, [0.5, 0.25, 0.1])).toBeCloseTo(((0.2 - 0.25) + (0.1 - 0.1) + (0.3 - 0.1)) / 3, 12)
    expect(forwardTransfer([[0.4]], [0.1])).toBe(0)
    expect(() => forwardTransfer([], [])).toThrow(/at least one task/)
  })

  it('one task forgets nothing; none is refused', () => {
    expect([forgetting([[0.4]]), backwardTransfer([[0.4]]), endAccuracy([[0.4]])]).toEqual([0, 0, 0.4])
    expect(() => endAccuracy([])).toThrow(/at least one task/)
  })

  it('balanced accuracy weighs classes, not pictures', () => {
    const answers = [...Array.from({ length: 9 }, () => ({ label: 'a', answer: 'a' })), { label: 'b', answer: 'a' }, { label: 'c', answer: undefined }]
    expect(balancedAccuracy(answers)).toBeCloseTo(1 / 3, 12)
  })
})

describe('paired differences', () => {
  it('give Student’s interval over the seeds', () => {
    // Differences 1, 2, 3: mean 2, deviation 1, t(2) = 4.303.
    const difference = pairedDifference([2, 4, 6], [1, 2, 3])
    expect(difference).toMatchObject({ mean: 2, wins: 3, seeds: 3 })
    expect(difference.high! - difference.mean).toBeCloseTo(4.303 / Math.sqrt(3), 3)
    expect(difference.mean - difference.low!).toBeCloseTo(4.303 / Math.sqrt(3), 3)
  })

  it('from one seed say that nothing is known', () => {
    expect(pairedDifference([1], [0])).toMatchObject({ mean: 1, low: null, high: null })
  })

  it('refuse unpaired lists', () => {
    expect(() => pairedDifference([1, 2], [1])).toThrow(/2 and 1/)
  })
})
