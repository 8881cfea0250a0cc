import { describe, expect, test } from 'vitest'
import { agreement } from '../../../engine/explain/metrics/agreement.ts'
import { otsuThreshold } from '../../../engine/explain/otsu.ts'

const [width, height] = [40, 30]
/** 10 x 6 pixels of 1200: a twentieth. */
const truth = Uint8Array.from({ length: width * height }, (_, i) => i % width >= 20 && i % width < 30 && i >= 12 * width && i < 18 * width ? 1 : 0)

function mapOf (value: (index: number) => number): { values: Float32Array, width: number, height: number } {
  return { values: Float32Array.from({ length: width * height }, (_, index) => value(index)), width, height }
}

describe('agreement with the truth', () => {
  test('is complete for the truth itself', () => {
    expect(agreement(mapOf((i) => truth[i]!), truth)).toEqual({ areaShare: 0.05, ebpg: 1, maskL1: 0, pointingGame: 1, bbox: 1, iouOtsu: 1, iouTop20: 0.25 })
  })

  test('is chance for a uniform map: its energy is the area\'s share, its difference the rest', () => {
    const { ebpg, maskL1, bbox } = agreement(mapOf(() => 1), truth)

    expect(ebpg).toBeCloseTo(0.05, 10)
    expect(maskL1).toBeCloseTo(0.95, 10)
    expect(bbox).toBeCloseTo(0.05, 10)
  })

  test('of a black map is a small difference and nothing else', () => {
    expect(agreement(mapOf(() => 0), truth)).toEqual({ areaShare: 0.05, ebpg: 0, maskL1: 0.05, pointingGame: 0, bbox: 0, iouOtsu: 0, iouTop20: 0 })
  })

  test('counts energy: half inside, half outside', () => {
    const { ebpg, maskL1 } = agreement(mapOf((i) => truth[i] === 1 ? 0.5 : i < 60 ? 0.5 : 0), truth)

    expect(ebpg).toBeCloseTo(0.5, 10)
    expect(maskL1).toBeCloseTo((60 * 0.5 + 60 * 0.5) / 1200, 10)
  })

  test('points within the tolerance, by Euclidean distance, and not beyond', () => {
    const at = (x: number, y: number): number => agreement(mapOf((i) => i === y * width + x ? 1 : 0), truth, 5).pointingGame

    expect(at(34, 15)).toBe(1)
    expect(at(35, 15)).toBe(0)
    expect(at(32, 21)).toBe(1)
    expect(at(33, 22)).toBe(0)
  })

  test('shares a hit among equally high pixels', () => {
    const { pointingGame } = agreement(mapOf((i) => i === 0 || i === 15 * width + 25 ? 1 : 0), truth, 0)

    expect(pointingGame).toBe(0.5)
  })

  test('of the highest pixels, as many as are defective, counts those inside', () => {
    const shifted = mapOf((i) => truth[i - 5] ?? 0)

    expect(agreement(shifted, truth).bbox).toBeCloseTo(0.5, 10)
    expect(agreement(shifted, truth).iouOtsu).toBeCloseTo(30 / 90, 10)
  })
})

describe('Otsu\'s threshold', () => {
  test('lies halfway between two levels', () => {
    expect(otsuThreshold([0.1, 0.1, 0.1, 0.9, 0.9])).toBeCloseTo(0.5, 2)
  })

  test('parts the smaller class from the larger one', () => {
    const values = [...Array.from({ length: 990 }, (_, i) => 0.1 + 0.1 * i / 990), ...Array.from({ length: 10 }, () => 0.8)]

    expect(otsuThreshold(values)).toBeGreaterThan(0.2)
    expect(otsuThreshold(values)).toBeLessThan(0.8)
  })

  test('does not exist for one level', () => {
    expect(otsuThreshold([0.3, 0.3, 0.3])).toBeNull()
  })
})
