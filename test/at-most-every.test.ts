import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { AtMostEvery } from '../engine/at-most-every.ts'

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

it('does it at once, then at most once in so long, and what was asked for meanwhile after', () => {
  const done: number[] = []
  const telling = new AtMostEvery(250, () => { done.push(Date.now()) })
  const begun = Date.now()
  for (let i = 0; i < 100; i++) {
    telling.ask()
    vi.advanceTimersByTime(10)
  }
  expect(done.map((at) => at - begun)).toEqual([0, 250, 500, 750, 1000])
  vi.advanceTimersByTime(1000)
  expect(done).toHaveLength(5)
  telling.ask()
  expect(done).toHaveLength(6)
  telling.ask()
  telling.close()
  vi.advanceTimersByTime(1000)
  expect(done).toHaveLength(6)
})
