import { describe, expect, test } from 'vitest'
import type { MapValues } from '../../engine/explain/map-rows.ts'
import { overlayMap, type OverlayOptions } from '../../engine/explain/overlay.ts'
import type { RawImage } from '../../engine/frame/image-codec.ts'
import { seededRandom } from '../../engine/random.ts'
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

  test.each(Array.from({ length: 40 }, (_, seed) => seed))('is what painting each pixel by itself gives, whatever frame and map (%i)', (seed) => {
    const random = seededRandom(seed)
    const upTo = (most: number): number => 1 + Math.floor(most * random() ** 2)
    const [width, height, columns, rows] = [upTo(40), upTo(40), upTo(60), upTo(60)]
    const channels: 1 | 3 = seed % 2 === 0 ? 1 : 3
    const frame: RawImage = { data: Uint8Array.from({ length: width * height * channels }, () => 200 * random()), width, height, channels }
    const values = Float32Array.from({ length: columns * rows }, () => random() < 0.7 ? 0 : 10 * random())
    const outlined = seed % 3 === 0 ? values.map((value) => value > 7 ? -1 : value) : values
    const options = { range: { from: 4 * random(), to: 9 }, outline: 5 * random(), opacity: 0.3 + 0.7 * random(), outlined }

    const { data } = overlayMap(frame, { values, height: rows, width: columns }, options)

    const expected = paintEach(frame, { values, height: rows, width: columns }, options)
    const wrong = [...data.keys()].filter((i) => Math.abs(data[i]! - expected[i]!) > (expected[i] === 255 || data[i] === 255 ? 0 : 1))
    expect(wrong).toEqual([])
  })

  test('samples between the cells of the map', () => {
    const ramp = { values: Float32Array.of(0, 10), height: 1, width: 2 }

    const { data } = overlayMap(grey(20, 1, 0), ramp, { range: { from: 0, to: 10 }, outline: Infinity, opacity: 1 })

    const index = Math.round(255 * 0.45)
    const heat = 0.45
    expect(data[9 * 3]).toBe(Math.round(heat * (2 - heat) * heatColours[index * 3]!))
  })
})

/** Slowly, and as it is told. */
function paintEach ({ data, width, height, channels }: RawImage, map: MapValues, { range: { from, to }, outline, opacity, outlined }: Required<OverlayOptions>): number[] {
  const place = (at: number, pixels: number, cells: number): [number, number, number] => {
    const position = Math.min(cells - 1, Math.max(0, (at + 0.5) * cells / pixels - 0.5))
    return [Math.floor(position), Math.min(cells - 1, Math.floor(position) + 1), position - Math.floor(position)]
  }
  const valueAt = (values: Float32Array, x: number, y: number): number => {
    const [[left, right, across], [upper, lower, down]] = [place(x, width, map.width), place(y, height, map.height)]
    const cell = (row: number, column: number): number => values[row * map.width + column]!
    return (1 - down) * ((1 - across) * cell(upper, left) + across * cell(upper, right)) + down * ((1 - across) * cell(lower, left) + across * cell(lower, right))
  }
  const reaches = (x: number, y: number): boolean => x >= 0 && y >= 0 && x < width && y < height && valueAt(outlined, x, y) >= outline
  return Array.from({ length: 3 * width * height }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / 3), i % 3]
    const [x, y] = [pixel % width, Math.floor(pixel / width)]
    const here = reaches(x, y)
    const isEdge = here && (x === width - 1 || y === height - 1)
    if (isEdge || reaches(x - 1, y) !== here || reaches(x, y - 1) !== here) return 255
    const own = data[channels === 3 ? i : pixel]!
    const heat = Math.min(1, Math.max(0, (valueAt(map.values, x, y) - from) / (to - from)))
    const weight = opacity * heat * (2 - heat)
    return Math.round((1 - weight) * own + weight * heatColours[3 * Math.round(255 * heat) + channel]!)
  })
}
