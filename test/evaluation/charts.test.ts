import { expect, test } from 'vitest'
import { scoreHistogram } from '../../engine/evaluation/report/charts.ts'

function labelOf (name: string, limits: { review: number, reject: number }): { x: number, y: number, anchor: string } {
  const { text } = scoreHistogram({ good: [0, 0.1], defect: [0.2], limits })
  const [, x, y, anchor] = new RegExp(`<text x="([\\d.]+)" y="([\\d.]+)" text-anchor="(\\w+)">${name}</text>`).exec(text) ?? []
  return { x: Number(x), y: Number(y), anchor: anchor ?? '' }
}

test('names a limit at the right edge to the left of its line, below the other', () => {
  const limits = { review: 0.95, reject: 1 }
  expect(labelOf('reject', limits).anchor).toBe('end')
  expect(labelOf('reject', limits).x).toBeLessThan(460)
  expect(labelOf('reject', limits).y).toBeGreaterThan(labelOf('review', limits).y)
  expect(labelOf('reject', { review: 0.05, reject: 0.1 }).anchor).toBe('start')
})
