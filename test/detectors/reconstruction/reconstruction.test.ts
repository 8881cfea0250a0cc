import { describe, expect, it } from 'vitest'
import { turnedPieces } from '../turned-pieces.ts'

describe('reconstruction', { timeout: 120_000 }, () => {
  it.each(['ssim', 'l2'])('tells turned pieces and shows their place by %s', async (loss) => {
    const { separation, found } = await turnedPieces('reconstruction', { size: 64, loss, width: 8, bottleneck: 8, batch: 2, steps: 100, learningRate: 0.01 }, true)
    expect(separation).toBeGreaterThan(0.95)
    expect(found).toBeGreaterThan(0.9)
  })
})
