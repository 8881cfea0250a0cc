import { describe, expect, it } from 'vitest'
import { templateGeometry } from '../../../engine/detectors/template-difference/geometry.ts'
import { localMaximum, toleranceOf } from '../../../engine/detectors/template-difference/tolerance.ts'
import { VariantMoments } from '../../../engine/detectors/template-difference/variant-moments.ts'

describe('localMaximum', () => {
  it('looks a square around, inside each plane only', () => {
    const planes = new Float32Array(2 * 4 * 5)
    planes[1 * 5 + 3] = 9
    const widest = localMaximum(planes, 4, 5, 1)
    const reached = [...widest.keys()].filter((index) => widest[index] === 9)
    expect(reached).toEqual([0, 1, 2].flatMap((row) => [2, 3, 4].map((column) => row * 5 + column)))
  })
})

describe('toleranceOf', () => {
  it('reaches the floor where nothing varies, and over an edge as far as the neighbourhood', () => {
    const mean = Uint8Array.of(20, 20, 20, 200, 200, 200)
    const { above, below } = toleranceOf(mean, new Float32Array(6), { height: 1, width: 6, tolerance: 3, floor: 8, neighbourhood: 1 })
    expect([...above]).toEqual([8, 8, 188, 8, 8, 8])
    expect([...below]).toEqual([8, 8, 8, 188, 8, 8])
  })

  it('grows with the deviation, and stays what a byte can hold', () => {
    const { above, below } = toleranceOf(Uint8Array.of(100, 100), Float32Array.of(10, 300), { height: 1, width: 2, tolerance: 2, floor: 5, neighbourhood: 0 })
    expect([...above]).toEqual([25, 255])
    expect([...below]).toEqual([25, 255])
  })
})

describe('VariantMoments', () => {
  const geometry = templateGeometry({ width: 16, height: 16, channels: 1 }, { size: 32, shift: 0 })
  const plane = geometry.width * geometry.height
  const flat = (level: number): Float32Array => new Float32Array(plane).fill(level)
  const all = flat(1)

  it('takes mean and deviation of each variant, of the pixels that were seen', () => {
    const moments = new VariantMoments(new Uint8Array(3 * plane).fill(7), geometry)
    const half = Float32Array.from(all, (_, pixel) => pixel < plane / 2 ? 1 : 0)
    for (const level of [90, 110]) moments.add(flat(level), all, 0)
    moments.add(flat(50), half, 2)
    const means = moments.means()
    // The second variant, that no picture looks like, is left out.
    expect(means).toHaveLength(2 * plane)
    expect([means[0], means[plane], means[2 * plane - 1]]).toEqual([100, 50, 7])
    // Shared variance: scatter 200 over one degree of freedom; each variant's own joins it as four pictures would.
    const deviations = moments.deviations()
    expect(deviations[0]).toBeCloseTo(Math.sqrt((200 + 4 * 200) / 6), 4)
    expect(deviations[plane]).toBeCloseTo(Math.sqrt(4 * 200 / 5), 4)
    expect(deviations[2 * plane - 1]).toBeCloseTo(Math.sqrt(200), 4)
  })
})
