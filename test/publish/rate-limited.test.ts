import { expect, it } from 'vitest'
import { atMostOncePerSecond } from '../../engine/publish/rate-limited.ts'

it('tells the first text at once, then one a second with the number left out', () => {
  let now = 0
  const told: string[] = []
  const tell = atMostOncePerSecond((text) => told.push(text), () => now)

  for (const at of [0, 10, 900, 1000, 1500, 2500]) {
    now = at
    tell(`at ${at}`)
  }

  expect(told).toEqual(['at 0', 'at 1000 (2 more before)', 'at 2500 (1 more before)'])
})
