import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { RateLimitedReporter } from '../engine/rate-limited-reporter.ts'

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

it('reports the first at once, then once a second the latest with how many it stands for, and leaves none out', () => {
  const told: string[] = []
  const reporter = new RateLimitedReporter<string>((latest, count) => told.push(`${latest} ${count}`))

  for (const text of ['a', 'b', 'c']) reporter.add(text)
  expect(told).toEqual(['a 1'])
  vi.advanceTimersByTime(999)
  expect(told).toEqual(['a 1'])
  vi.advanceTimersByTime(1)
  expect(told).toEqual(['a 1', 'c 2'])
  reporter.add('d')
  vi.advanceTimersByTime(1000)
  expect(told).toEqual(['a 1', 'c 2', 'd 1'])
  vi.advanceTimersByTime(1000)
  reporter.add('e')
  expect(told).toEqual(['a 1', 'c 2', 'd 1', 'e 1'])
})

it('reports what it holds when it is closed, and nothing after', () => {
  const told: string[] = []
  const reporter = new RateLimitedReporter<string>((latest, count) => told.push(`${latest} ${count}`))

  reporter.add('a')
  reporter.add('b')
  reporter.add('c')
  reporter.close()
  expect(told).toEqual(['a 1', 'c 2'])
  vi.advanceTimersByTime(5000)
  expect(told).toEqual(['a 1', 'c 2'])
})
