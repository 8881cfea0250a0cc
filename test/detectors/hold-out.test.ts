import { describe, expect, it } from 'vitest'
import type { GoodImage } from '../../engine/detectors/detector.ts'
import { calibrationSplit, groupCount, holdOut } from '../../engine/detectors/hold-out.ts'
import { seededRandom } from '../../engine/random.ts'

function images (count: number, describe: (index: number) => Partial<GoodImage> = () => ({})): GoodImage[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `${index}.png`,
    group: null,
    calibration: false,
    read: () => Promise.reject(new Error('not read')),
    ...describe(index)
  }))
}

function groupsOf (list: readonly GoodImage[]): Set<string | null> {
  return new Set(list.map(({ group }) => group))
}

describe('calibrationSplit', () => {
  it('holds out a fifth, at least ten, each picture on one side', () => {
    for (const [count, expected] of [[20, 10], [50, 10], [200, 40]] as const) {
      const all = images(count)
      const { kept, heldOut, by } = calibrationSplit(all, seededRandom(1))
      expect(heldOut).toHaveLength(expected)
      expect(new Set([...kept, ...heldOut])).toEqual(new Set(all))
      expect(by).toBe('image')
    }
  })

  it('holds out whole parts where parts are known', () => {
    const all = images(120, (index) => ({ group: `part ${Math.floor(index / 6)}` }))
    const { kept, heldOut, by } = calibrationSplit(all, seededRandom(2))
    expect(by).toBe('group')
    expect(heldOut).toHaveLength(24)
    expect([...groupsOf(kept)].filter((group) => groupsOf(heldOut).has(group))).toEqual([])
  })

  it('takes the pictures that the data set marks', () => {
    const all = images(40, (index) => ({ calibration: index % 4 === 0 }))
    expect(calibrationSplit(all, seededRandom(0)).heldOut).toEqual(all.filter(({ calibration }) => calibration))
  })

  it('refuses a marked split that tears a part', () => {
    const all = images(40, (index) => ({ calibration: index % 2 === 0, group: `part ${Math.floor(index / 2)}` }))
    expect(() => calibrationSplit(all, seededRandom(0))).toThrow(/part 0.*one side/)
  })

  it('says how many pictures it needs', () => {
    expect(() => calibrationSplit(images(19), seededRandom(0))).toThrow(expect.objectContaining({ code: 'GOODPARTS_TOO_FEW_IMAGES', message: expect.stringContaining('at least 20') as string }) as Error)
    expect(() => calibrationSplit(images(100, () => ({ group: 'one part' })), seededRandom(0))).toThrow(expect.objectContaining({ code: 'GOODPARTS_TOO_FEW_IMAGES' }) as Error)
  })
})

describe('holdOut', () => {
  it('is the same for the same seed', () => {
    const all = images(60)
    expect(holdOut(all, { share: 0.3, atLeast: 4 }, seededRandom(4))).toEqual(holdOut(all, { share: 0.3, atLeast: 4 }, seededRandom(4)))
  })

  it('draws pictures where there is a single part, so that what is chosen by them is chosen by something', () => {
    const { kept, heldOut, by } = holdOut(images(15, () => ({ group: 'one part' })), { share: 0.3, atLeast: 4 }, seededRandom(3))
    expect([kept.length, heldOut.length, by]).toEqual([10, 5, 'image'])
  })

  it('draws whole parts as soon as there are two', () => {
    const { kept, heldOut, by } = holdOut(images(16, (index) => ({ group: `part ${index % 2}` })), { share: 0.3, atLeast: 4 }, seededRandom(3))
    expect([groupsOf(kept).size, groupsOf(heldOut).size, by]).toEqual([1, 1, 'group'])
  })

  it('always keeps something', () => {
    expect(holdOut(images(3), { share: 1, atLeast: 10 }, seededRandom(0)).kept.length).toBeGreaterThan(0)
  })
})

describe('groupCount', () => {
  it('counts parts where some are known', () => {
    expect(groupCount(images(5))).toBe(null)
    expect(groupCount(images(6, (index) => ({ group: `part ${index % 3}` })))).toBe(3)
  })
})
