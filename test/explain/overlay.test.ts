import { describe, expect, test } from 'vitest'
import { overlayMap } from '../../engine/explain/overlay.ts'
import { heatColours } from '../../schemas/heat-colours.ts'

const grey = (width: number, height: number, value: number) => ({ data: new Uint8Array(width * height).fill(value), width, height, channels: 1 as const })

describe('overlay', () => {
  const map = { values: Float32Array.of(0, 0, 0, 10), height: 2, width: 2 }

  test('leaves the frame as it is where the map is low, and shows the last colour where it is at its highest', () => {
    const { data } = overlayMap(grey(8, 8, 100), map, { range: { from: 1, to: 10 }, outline: Infinity, opacity: 1 })

    expect([...data.subarray(0, 3)]).toEqual([100, 100, 100])
    expect([...data.subarray(-3)]).toEqual([...heatColours.subarray(-3)])
  })

  test('mixes by the opacity', () => {
    const { data } = overlayMap(grey(8, 8, 100), map, { range: { from: 1, to: 10 }, outline: Infinity, opacity: 0.5 })

    const last = [...heatColours.subarray(-3)]
    expect([...data.subarray(-3)]).toEqual(last.map((value) => Math.round(50 + 0.5 * value)))
  })

  test('is the frame itself at opacity 0, colour kept', () => {
    const frame = { data: Uint8Array.from({ length: 8 * 6 * 3 }, (_, i) => i), width: 8, height: 6, channels: 3 as const }

    expect(overlayMap(frame, map, { range: { from: 0, to: 1 }, outline: 5, opacity: 0 }).data).toEqual(frame.data)
  })

  test('draws a closed white line between what reaches the limit and what does not', () => {
    const values = new Float32Array(64)
    values[27] = values[28] = values[35] = values[36] = 10
    const size = 64
    const { data } = overlayMap(grey(size, size, 50), { values, height: 8, width: 8 }, { range: { from: 100, to: 200 }, outline: 5, opacity: 1 })
    const white = Array.from({ length: size * size }, (_, p) => data[3 * p] === 255)

    const reached = new Set([0])
    for (const p of reached) {
      const [x, y] = [p % size, Math.floor(p / size)]
      const next = [x > 0 ? p - 1 : p, x < size - 1 ? p + 1 : p, y > 0 ? p - size : p, y < size - 1 ? p + size : p]
      for (const q of next) if (!white[q]) reached.add(q)
    }
    expect(white).toContain(true)
    expect(reached.has(32 * size + 32)).toBe(false)
  })

  test('closes the line along the edges of the picture', () => {
    const values = new Float32Array(64).fill(10)
    const { data } = overlayMap(grey(16, 12, 50), { values, height: 8, width: 8 }, { range: { from: 100, to: 200 }, outline: 5, opacity: 1 })

    const white = (x: number, y: number): boolean => data[3 * (y * 16 + x)] === 255
    for (let y = 0; y < 12; y++) for (let x = 0; x < 16; x++) expect({ x, y, white: white(x, y) }).toEqual({ x, y, white: x === 0 || y === 0 || x === 15 || y === 11 })
  })

  test('outlines by other values than those that it colours by, where there are any', () => {
    const values = new Float32Array(64)
    values[9] = values[45] = 10
    const options = { range: { from: 5, to: 10 }, outline: 5, opacity: 0.5 }
    const both = overlayMap(grey(32, 32, 50), { values, height: 8, width: 8 }, options)
    const one = overlayMap(grey(32, 32, 50), { values, height: 8, width: 8 }, { ...options, outlined: values.map((value, cell) => cell === 45 ? 0 : value) })

    const white = ({ data }: { data: Uint8Array }, row: number): number => data.subarray(3 * 32 * row, 3 * 32 * (row + 16)).filter((value) => value === 255).length
    expect(white(one, 0)).toBe(white(both, 0))
    expect(white(one, 16)).toBeLessThan(white(both, 16))
    const middle = 3 * (22 * 32 + 22)
    expect(one.data[middle]).toBe(both.data[middle])
  })

  test('outlines a spot between rows that show nothing as it would on its own, cut out of them', () => {
    const values = new Float32Array(16 * 16)
    values[8 * 16 + 8] = 10
    const options = { range: { from: 4, to: 10 }, outline: 6, opacity: 0.7 }
    const whole = overlayMap(grey(32, 32, 90), { values, height: 16, width: 16 }, options)

    const cut = overlayMap(grey(32, 8, 90), { values: values.subarray(7 * 16, 11 * 16), height: 4, width: 16 }, options)

    // Away from its edges, where the cut-out map has no neighbours.
    expect(whole.data.subarray(3 * 32 * 15, 3 * 32 * 21)).toEqual(cut.data.subarray(3 * 32, 3 * 32 * 7))
    expect(whole.data.subarray(0, 3 * 32 * 15)).toEqual(new Uint8Array(3 * 32 * 15).fill(90))
    expect(whole.data.subarray(3 * 32 * 21)).toEqual(new Uint8Array(3 * 32 * 11).fill(90))
  })

  test('colours nothing where the map is no number, and the rest as without it', () => {
    const frame = grey(32, 32, 90)
    const values = new Float32Array(64).fill(10)
    values[27] = NaN
    const { data } = overlayMap(frame, { values, height: 8, width: 8 }, { range: { from: 0, to: 10 }, outline: Infinity, opacity: 1 })

    const pixel = (x: number, y: number): number[] => [...data.subarray(3 * (32 * y + x), 3 * (32 * y + x) + 3)]
    expect(pixel(14, 14)).toEqual([90, 90, 90])
    expect(pixel(4, 4)).toEqual([...heatColours.subarray(-3)])
  })

  test('samples between the cells of the map', () => {
    const ramp = { values: Float32Array.of(0, 10), height: 1, width: 2 }

    const { data } = overlayMap(grey(20, 1, 0), ramp, { range: { from: 0, to: 10 }, outline: Infinity, opacity: 1 })

    const index = Math.round(255 * 0.45)
    const heat = 0.45
    expect(data[9 * 3]).toBe(Math.round(heat * (2 - heat) * heatColours[index * 3]!))
  })
})
