import { describe, expect, it } from 'vitest'
import { areRegions, boundingBox, isInside, isOneBox, regionMask } from '../../engine/tiling/regions.ts'
import type { Region } from '../../engine/tiling/regions.ts'
import type { JsonValue } from '../../schemas/bundle.ts'

const triangle: Region = { name: 'plate', polygon: [[0, 0], [1, 0], [0, 1]] }
const hole: Region = { name: 'hole', box: [0.1, 0.1, 0.2, 0.2], exclude: true }
const close = (found: number[], expected: number[]): void => { found.forEach((value, index) => { expect(value).toBeCloseTo(expected[index]!) }) }

describe('regions of interest', () => {
  it('are looked at inside of any, and not inside of what is left out', () => {
    expect([isInside([], 0.9, 0.9), isInside([hole], 0.9, 0.9), isInside([hole], 0.2, 0.2)]).toEqual([true, true, false])
    expect([isInside([triangle, hole], 0.05, 0.05), isInside([triangle, hole], 0.2, 0.2), isInside([triangle, hole], 0.6, 0.6)]).toEqual([true, false, false])
    expect(isInside([triangle, { box: [0.5, 0.5, 0.5, 0.5] }], 0.6, 0.6)).toBe(true)
  })

  it('know polygons that are not convex', () => {
    const cross: Region[] = [{ polygon: [[0, 0], [1, 0], [1, 1], [0.5, 0.2], [0, 1]] }]
    expect([isInside(cross, 0.1, 0.5), isInside(cross, 0.5, 0.5), isInside(cross, 0.9, 0.5), isInside(cross, 0.5, 0.1)]).toEqual([true, false, true, true])
  })

  it('lie in one box', () => {
    expect(boundingBox([])).toEqual([0, 0, 1, 1])
    expect(boundingBox([hole])).toEqual([0, 0, 1, 1])
    close(boundingBox([{ box: [0.2, 0.3, 0.4, 0.1] }, { polygon: [[0.5, 0.9], [0.1, 0.5], [0.4, 0.6]] }]), [0.1, 0.3, 0.5, 0.6])
    expect([isOneBox([]), isOneBox([{ box: [0, 0, 1, 0.5] }]), isOneBox([hole]), isOneBox([triangle])]).toEqual([true, true, false, false])
  })

  it('become masks whose area is theirs', () => {
    const share = (mask: Uint8Array): number => mask.reduce((sum, value) => sum + value, 0) / mask.length
    expect(share(regionMask([triangle], 200, 100))).toBeCloseTo(0.5, 2)
    expect(share(regionMask([triangle, hole], 200, 100))).toBeCloseTo(0.46, 2)
    // A thin region between the centres of coarse cells is not lost.
    expect(regionMask([{ box: [0, 0.3, 1, 0.03] }], 2, 2, 16)).toEqual(Uint8Array.of(1, 1, 0, 0))
  })

  it.each<[string, JsonValue]>([
    ['no list', { box: [0, 0, 1, 1] }],
    ['pixels', [{ box: [0, 0, 640, 80] }]],
    ['an empty box', [{ box: [0.1, 0.1, 0, 0.5] }]],
    ['a line', [{ polygon: [[0, 0], [1, 1]] }]],
    ['a box and a polygon', [{ box: [0, 0, 1, 1], polygon: [[0, 0], [1, 0], [0, 1]] }]],
    ['a slip of the pen', [{ box: [0, 0, 1, 1], excluded: true }]],
    ['nothing left to look at', [{ box: [0, 0, 0.5, 1] }, { box: [0, 0, 0.6, 1], exclude: true }]]
  ])('are refused: %s', (_, value) => {
    expect(areRegions(value)).toBe(false)
  })

  it('are taken: boxes, polygons, names, exclusions, none', () => {
    expect([areRegions([]), areRegions([{ name: 'rim', box: [0, 0, 1, 0.2] }, { polygon: [[0, 0], [1, 0], [0, 1]] }, { box: [0.5, 0, 0.1, 0.1], exclude: true }])]).toEqual([true, true])
  })
})
