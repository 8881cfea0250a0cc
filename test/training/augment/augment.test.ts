import { describe, expect, it } from 'vitest'
import { cutPaste, cutPasteScar } from '../../../engine/training/augment/cut-paste.ts'
import { toFloatImage, toRawImage, writePlanes } from '../../../engine/training/augment/float-image.ts'
import type { FloatImage } from '../../../engine/training/augment/float-image.ts'
import { crop, flip, rotate, turn } from '../../../engine/training/augment/geometry.ts'
import { perlinMask, perlinNoise } from '../../../engine/training/augment/perlin.ts'
import { drawSurfaceDefect } from '../../../engine/training/augment/surface-defect.ts'
import { adjustTone, blur } from '../../../engine/training/augment/tone.ts'
import { seededRandom } from '../../../engine/random.ts'
import { goodPart } from '../../detectors/good-parts.ts'

/** 3 × 2: 0 1 2 / 3 4 5. */
const small: FloatImage = { data: Float32Array.of(0, 1, 2, 3, 4, 5), width: 3, height: 2, channels: 1 }
const part = toFloatImage(goodPart(1, 128))

function shareOf (mask: Uint8Array): number {
  return mask.reduce((sum, value) => sum + value, 0) / mask.length
}

describe('geometry', () => {
  it('crops, flips and turns', () => {
    expect([...crop(small, { x: 1, y: 0, width: 2, height: 2 }).data]).toEqual([1, 2, 4, 5])
    expect([...flip(small).data]).toEqual([2, 1, 0, 5, 4, 3])
    expect(turn(small, 1)).toMatchObject({ width: 2, height: 3, data: Float32Array.of(3, 0, 4, 1, 5, 2) })
    expect([...turn(small, 2).data]).toEqual([5, 4, 3, 2, 1, 0])
    expect(turn(turn(small, 1), 3)).toEqual(small)
  })

  it('keeps the channels of a pixel together', () => {
    const colour: FloatImage = { data: Float32Array.of(1, 2, 3, 4, 5, 6), width: 2, height: 1, channels: 3 }
    expect([...flip(colour).data]).toEqual([4, 5, 6, 1, 2, 3])
    expect([...crop(colour, { x: 1, y: 0, width: 1, height: 1 }).data]).toEqual([4, 5, 6])
  })

  it('rotates by a quarter as turn does, and by nothing not at all', () => {
    const square = crop(part, { x: 0, y: 0, width: 9, height: 9 })
    expect([...rotate(square, Math.PI / 2).data].map(Math.round)).toEqual([...turn(square, 1).data])
    expect(rotate(square, 0).data).toEqual(square.data)
  })
})

describe('tone', () => {
  it('changes contrast about the mean, and brightness', () => {
    expect([...adjustTone(small, 2, 10).data]).toEqual([7.5, 9.5, 11.5, 13.5, 15.5, 17.5])
  })

  it('blurs: the mean stays, the contrast falls', () => {
    const flat = blur({ ...small, data: new Float32Array(6).fill(7) }, 2)
    expect([...flat.data].every((value) => Math.abs(value - 7) < 1e-5)).toBe(true)
    const deviation = ({ data }: FloatImage): number => Math.sqrt(data.reduce((sum, value) => sum + (value - 128) ** 2, 0) / data.length)
    expect(deviation(blur(part, 4))).toBeLessThan(0.6 * deviation(part))
  })
})

describe('float images', () => {
  it('become bytes within their range, and planes normalised', () => {
    expect([...toRawImage({ ...small, data: Float32Array.of(-3, 0.4, 0.6, 254.5, 300, 7) }).data]).toEqual([0, 0, 1, 255, 255, 7])
    const batch = new Float32Array(12)
    writePlanes({ data: Float32Array.of(1, 2, 3, 4, 5, 6), width: 2, height: 1, channels: 3 }, batch, 1, { mean: 1, deviation: 2 })
    expect([...batch]).toEqual([0, 0, 0, 0, 0, 0, 0, 1.5, 0.5, 2, 1, 2.5])
  })
})

describe('cutPaste', () => {
  it('moves a rectangle of 2 to 15 % of the area', () => {
    const shares = Array.from({ length: 200 }, (_, seed) => shareOf(cutPaste(part, seededRandom(seed)).mask))
    expect(Math.min(...shares)).toBeGreaterThan(0.018)
    expect(Math.max(...shares)).toBeLessThan(0.155)
  })

  it.each([['cutPaste', cutPaste], ['cutPasteScar', cutPasteScar]])('%s changes what its mask says, the same for the same seed', (_name, draw) => {
    for (let seed = 0; seed < 30; seed++) {
      const { image, mask } = draw(part, seededRandom(seed))
      expect(image.data.every((value, pixel) => mask[pixel] === 1 || value === part.data[pixel])).toBe(true)
      expect(shareOf(mask)).toBeGreaterThan(0)
      expect(draw(part, seededRandom(seed))).toEqual({ image, mask })
    }
  })
})

describe('Perlin noise', () => {
  it('is smooth, of mean near zero and within its bounds', () => {
    const field = perlinNoise(64, 64, { cellsX: 4, cellsY: 4 }, seededRandom(1))
    expect(Math.max(...field.map(Math.abs))).toBeLessThanOrEqual(1)
    expect(Math.abs(field.reduce((sum, value) => sum + value, 0) / field.length)).toBeLessThan(0.15)
    expect(Math.max(...field.map((value, i) => i % 64 === 0 ? 0 : Math.abs(value - field[i - 1]!)))).toBeLessThan(0.25)
  })

  it('vanishes at the corners of its cells', () => {
    const field = perlinNoise(64, 64, { cellsX: 4, cellsY: 8 }, seededRandom(2))
    for (const [x, y] of [[0, 0], [16, 8], [48, 56]] as const) expect(field[y * 64 + x]).toBeCloseTo(0, 6)
  })

  it('gives masks that shrink as the threshold rises', () => {
    const shares = [0, 0.3, 0.6].map((threshold) => shareOf(perlinMask(64, 64, { mostOctave: 4, threshold }, seededRandom(3))))
    expect(shares).toEqual([...shares].sort((a, b) => b - a))
    expect(shares[0]).toBeGreaterThan(0.2)
  })
})

describe('drawSurfaceDefect', () => {
  it('changes the part under its mask only, which covers a share of it, seeded', () => {
    const other = toFloatImage(goodPart(2, 128))
    let changed = 0
    for (let seed = 0; seed < 60; seed++) {
      const { image, mask } = drawSurfaceDefect(part, other, seed)
      expect(image.data.every((value, pixel) => mask[pixel] === 1 || value === part.data[pixel])).toBe(true)
      expect(shareOf(mask)).toBeGreaterThan(0.0004)
      expect(shareOf(mask)).toBeLessThan(0.4)
      if (image.data.some((value, pixel) => Math.abs(value - part.data[pixel]!) > 8)) changed++
    }
    expect(changed).toBeGreaterThan(50)
    expect(drawSurfaceDefect(part, other, 5)).toEqual(drawSurfaceDefect(part, other, 5))
  })
})
