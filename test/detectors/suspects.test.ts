import { describe, expect, it } from 'vitest'
import type { FitContext, GoodImage } from '../../engine/detectors/detector.ts'
import { FitWork } from '../../engine/detectors/fit-work.ts'
import { findSuspects, nearestOthers } from '../../engine/detectors/suspects.ts'
import { goodPart, goodParts } from './good-parts.ts'

const context: FitContext = { seed: 3, threads: 1, progress: () => {}, signal: new AbortController().signal }

/** A part with a dark half. */
function odd (name: string, group: string | null, seed: number): GoodImage {
  const part = goodPart(seed)
  return { name, group, calibration: false, read: () => Promise.resolve({ ...part, data: part.data.map((value, i) => i % 64 < 32 ? value >> 3 : value) }) }
}

describe('findSuspects', () => {
  it('names the picture that is unlike the rest, and what it is most like', async () => {
    const images = goodParts(24).with(9, odd('odd', null, 10))
    const suspects = await findSuspects(images, new FitWork(context))
    expect(suspects[0]).toMatchObject({ name: 'odd', nearest: expect.stringMatching(/^part \d+$/) as string })
    expect(suspects[0]!.deviations).toBeGreaterThan(10)
    expect(suspects.length).toBeLessThan(4)
  })

  it('does not let pictures of one part vouch for each other', async () => {
    const images = [...goodParts(24), odd('first', 'odd part', 700), odd('second', 'odd part', 701)]
    const suspects = await findSuspects(images, new FitWork(context))
    expect(suspects.slice(0, 2).map(({ name }) => name).sort()).toEqual(['first', 'second'])
  })

  it('says nothing of pictures that are all the same, or all of one part', async () => {
    const same = Array.from({ length: 12 }, (_, index): GoodImage => ({ name: `${index}`, group: null, calibration: false, read: () => Promise.resolve(goodPart(1)) }))
    expect(await findSuspects(same, new FitWork(context))).toEqual([])
    expect(await findSuspects(goodParts(12).map((image) => ({ ...image, group: 'one' })), new FitWork(context))).toEqual([])
  })
})

describe('nearestOthers', () => {
  it('is the smallest distance to another part', () => {
    const rows = Float32Array.of(0, 0, 3, 4, 0, 1)
    expect(nearestOthers(rows, 2, [{ group: 'a' }, { group: null }, { group: 'a' }])).toEqual([{ distance: 5, other: 1 }, { distance: Math.sqrt(18), other: 2 }, { distance: Math.sqrt(18), other: 1 }])
  })
})
