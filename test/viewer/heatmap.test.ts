import { describe, expect, it } from 'vitest'
import { heatColours } from '../../schemas/heat-colours.ts'
import { paintMap } from '../../viewer/heatmap.ts'
import { inspection } from '../publish/fixtures.ts'

const map = { height: 1, width: 4, minimum: 0, maximum: 8 }
const record = { ...inspection(0), score: 4, limits: { review: 1, reject: 2 } }
const settings = { visible: true, opacity: 1, threshold: 1 }

describe('the painted map', () => {
  it('starts in the middle of its own range without limits or score', () => {
    const cells = Uint8Array.of(0, 100, 160, 255)
    for (const bare of [null, { ...record, limits: null }, { ...record, score: null }]) {
      expect([...paintMap(map, cells, bare, settings)].filter((_, i) => i % 4 === 3).map((alpha) => alpha > 0)).toEqual([false, false, true, true])
    }
  })

  it('leaves what is below the threshold clear, and is as dense as the opacity', () => {
    const cells = Uint8Array.of(0, 63, 128, 255)
    const alpha = (opacity: number): number[] => [...paintMap(map, cells, record, { ...settings, opacity })].filter((_, i) => i % 4 === 3)
    expect(alpha(1).slice(0, 2)).toEqual([0, 0])
    expect(alpha(1)[3]).toBe(255)
    expect(alpha(0.5)[3]).toBe(128)
    expect(alpha(0)).toEqual([0, 0, 0, 0])
    expect([...paintMap(map, cells, record, settings).slice(12, 15)]).toEqual([...heatColours.subarray(-3)])
  })

  it('is clear for a good part', () => {
    expect([...paintMap(map, Uint8Array.of(0, 100, 200, 255), { ...record, score: 0.9 }, settings)].every((value) => value === 0)).toBe(true)
  })

  it('is clear for a flat map', () => {
    expect([...paintMap({ ...map, maximum: 0 }, Uint8Array.of(0, 0, 0, 0), null, settings)].every((value) => value === 0)).toBe(true)
  })
})
