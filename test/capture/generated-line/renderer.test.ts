import { describe, expect, test } from 'vitest'
import { defectKinds } from '../../../engine/capture/generated-line/defects.ts'
import { createGeneratedLine, type GeneratedFrame } from '../../../engine/capture/generated-line/renderer.ts'

const size = { width: 240, height: 180 }
const flawed = createGeneratedLine({ seed: 5, ...size, defectRate: 1 })
const flawless = createGeneratedLine({ seed: 5, ...size, defectRate: 0 })

/** `(height, width)`: 1 where some defect of the frame covers the pixel. */
function truth (frame: GeneratedFrame): Uint8Array {
  const mask = new Uint8Array(size.width * size.height)
  for (const { box: [x, y, width], mask: part } of frame.defects) {
    part.forEach((covered, i) => { if (covered === 1) mask[(y + Math.floor(i / width)) * size.width + x + i % width] = 1 })
  }
  return mask
}

describe('generated line', () => {
  test('gives the same frame for the same seed and index, whatever was rendered before', () => {
    const other = createGeneratedLine({ seed: 5, ...size, defectRate: 1 })

    other.render(9)

    expect(other.render(3)).toEqual(flawed.render(3))
  })

  test('gives other frames for another seed and another index', () => {
    const other = createGeneratedLine({ seed: 6, ...size, defectRate: 1 })

    expect(Buffer.compare(other.render(3).pixels, flawed.render(3).pixels)).not.toBe(0)
    expect(Buffer.compare(flawed.render(4).pixels, flawed.render(3).pixels)).not.toBe(0)
  })

  test('differs from the frame without defects inside the masks and nowhere else', () => {
    let covered = 0
    let changed = 0
    for (let index = 0; index < 60; index++) {
      const frame = flawed.render(index)
      const clean = flawless.render(index).pixels
      const mask = truth(frame)
      for (let p = 0; p < mask.length; p++) {
        const differs = [0, 1, 2].some((c) => frame.pixels[3 * p + c] !== clean[3 * p + c])
        if (differs && mask[p] === 0) expect.fail(`pixel ${p} of frame ${index} changed outside the masks`)
        covered += mask[p]!
        changed += differs ? 1 : 0
      }
    }

    expect(covered).toBeGreaterThan(1000)
    expect(changed / covered).toBeGreaterThan(0.97)
  })

  test('draws every kind of defect, each with a box that fits its mask', () => {
    const seen = new Set<string>()
    for (let index = 0; index < 60; index++) {
      for (const { kind, box: [, , width, height], mask } of flawed.render(index).defects) {
        seen.add(kind)
        expect(mask).toHaveLength(width * height)
        const [firstRow, lastRow] = [mask.subarray(0, width), mask.subarray(-width)]
        expect(firstRow.includes(1) && lastRow.includes(1)).toBe(true)
      }
    }

    expect([...seen].sort()).toEqual([...defectKinds].sort())
  })

  test('draws only the kinds asked for', () => {
    const line = createGeneratedLine({ seed: 1, ...size, defectRate: 1, defects: ['stain'] })

    const kinds = new Set(Array.from({ length: 20 }, (_, index) => line.render(index).defects.map(({ kind }) => kind)).flat())

    expect([...kinds]).toEqual(['stain'])
  })

  test('gives a defect to the share of parts asked for, and to none of the first good ones', () => {
    const line = createGeneratedLine({ seed: 2, width: 64, height: 48, defectRate: 0.2, goodFirst: 50 })

    const defective = Array.from({ length: 1050 }, (_, index) => line.render(index).defects.length > 0)

    expect(defective.slice(0, 50)).not.toContain(true)
    const share = defective.slice(50).filter(Boolean).length / 1000
    expect(share).toBeGreaterThan(0.2 - 4 * Math.sqrt(0.2 * 0.8 / 1000))
    expect(share).toBeLessThan(0.2 + 4 * Math.sqrt(0.2 * 0.8 / 1000))
  })

  test('moves parts across the view when the belt advances by less than a part', () => {
    const line = createGeneratedLine({ seed: 1, ...size, defectRate: 1, advance: 0.25 })

    const positions = [4, 5, 6].map((index) => line.render(index).parts.find(({ index: part }) => part === 1)?.x)

    expect(positions[1]! - positions[0]!).toBeCloseTo(-0.25 * Math.round(size.width * 1.06))
    expect(positions[2]! - positions[1]!).toBeCloseTo(-0.25 * Math.round(size.width * 1.06))
  })

  test('writes into memory given to it', () => {
    const memory = new Uint8Array(new SharedArrayBuffer(size.width * size.height * 3))

    const frame = flawed.render(2, memory)

    expect(frame.pixels).toBe(memory)
    expect(Buffer.compare(memory, flawed.render(2).pixels)).toBe(0)
  })

  test.each([
    [{ width: 63 }, 'size'],
    [{ defectRate: 1.1 }, 'defect rate'],
    [{ advance: 0 }, 'advance'],
    [{ defects: [] }, 'kind of defect']
  ])('refuses %j', (wrong, says) => {
    expect(() => createGeneratedLine({ seed: 1, ...size, ...wrong })).toThrow(says)
  })
})
