import { describe, expect, test } from 'vitest'
import { findRegions, onlyHighest } from '../../engine/decision/regions.ts'

const map = {
  height: 4,
  width: 5,
  values: Float32Array.of(
    0, 9, 0, 0, 5,
    8, 0, 0, 0, 6,
    0, 0, 0, 0, 0,
    0, 0, 3, NaN, 0)
}

describe('regions', () => {
  test('joins cells that touch at a side or a corner, highest peak first, in pixels of the frame', () => {
    expect(findRegions(map, { limit: 4, frame: { width: 50, height: 80 } })).toEqual([
      { box: [0, 0, 20, 40], areaShare: 2 / 20, peak: 9, zone: null },
      { box: [40, 0, 10, 40], areaShare: 2 / 20, peak: 6, zone: null }
    ])
  })

  test('counts a cell that just reaches the limit', () => {
    expect(findRegions(map, { limit: 3, frame: { width: 5, height: 4 } }).map(({ peak }) => peak)).toEqual([9, 6, 3])
  })

  test('covers whole pixels where the map does not divide the frame, and stays inside it', () => {
    const [region] = findRegions(map, { limit: 9, frame: { width: 7, height: 6 } })

    expect(region?.box).toEqual([1, 0, 2, 2])
  })

  test('gives no more regions than asked for', () => {
    expect(findRegions(map, { limit: 3, frame: { width: 5, height: 4 }, maximum: 1 })).toHaveLength(1)
  })

  test('gives none above the highest value', () => {
    expect(findRegions(map, { limit: 9.1, frame: { width: 5, height: 4 } })).toEqual([])
  })

  test('are left of a map as many as asked for, the others below the limit, and the map itself where there are no more', () => {
    const values = onlyHighest(map, { limit: 3, maximum: 1 })

    expect(findRegions({ ...map, values }, { limit: 3, frame: { width: 5, height: 4 } }).map(({ peak }) => peak)).toEqual([9])
    expect([...values].map((value, cell) => value === map.values[cell] || Number.isNaN(value) ? null : value < 3).filter((changed) => changed !== null)).toEqual([true, true, true])
    expect(onlyHighest(map, { limit: 3, maximum: 3 })).toBe(map.values)
  })
})
