import { describe, expect, test } from 'vitest'
import { clearRegions } from '../../engine/explain/clear-regions.ts'

/** `(8, 8)`: single cells of these values, apart from each other, on zero. */
function cells (...peaks: number[]): { values: Float32Array, height: number, width: number } {
  const values = new Float32Array(64)
  peaks.forEach((peak, i) => { values[Math.floor(i / 4) * 16 + i % 4 * 2] = peak })
  return { values, height: 8, width: 8 }
}

const options = { limit: 0.4, frame: { width: 80, height: 80 } }

describe('the regions of an explanation', () => {
  test('are those that stand out from the limit, not all that reach it', () => {
    expect(clearRegions(cells(0.45, 1, 0.6, 0.8), options)).toEqual([
      { box: [20, 0, 10, 10], areaShare: 1 / 64, peak: 1, zone: null },
      { box: [60, 0, 10, 10], areaShare: 1 / 64, peak: Math.fround(0.8), zone: null }
    ])
  })

  test('are three at most, the highest', () => {
    expect(clearRegions(cells(0.9, 1, 0.85, 0.8, 0.95), options).map(({ peak }) => Math.fround(peak))).toEqual([1, 0.95, 0.9].map(Math.fround))
  })

  test('are none on an empty map', () => {
    expect(clearRegions(cells(), { ...options, limit: 1 })).toEqual([])
  })
})
