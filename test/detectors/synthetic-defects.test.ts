import { describe, expect, it } from 'vitest'
import { drawDefect, largestDefect, smallestDefect } from '../../engine/detectors/synthetic-defects.ts'
import type { RawImage } from '../../engine/frame/image-codec.ts'
import { seededRandom } from '../../engine/random.ts'

function picture (width: number, height: number, channels: 1 | 3, seed: number): RawImage {
  const random = seededRandom(seed)
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => 110 + 40 * Math.sin(Math.floor(i / channels) % width / 5) + 30 * random())
  return { data, width, height, channels }
}

const white: RawImage = { data: new Uint8Array(160 * 160).fill(255), width: 160, height: 160, channels: 1 }

describe('drawDefect', () => {
  it.each([[224, 224, 1], [640, 480, 3], [64, 200, 1]] as const)('covers 0.05 to 0.6 %% of %i x %i x %i and changes nothing else', (width, height, channels) => {
    const image = picture(width, height, channels, 1)
    const other = picture(width, height, channels, 2)
    const seen = new Set<string>()
    for (let seed = 0; seed < 120; seed++) {
      const { image: drawn, mask, shape, fill } = drawDefect(image, other, seed)
      seen.add(shape).add(fill)
      const area = mask.reduce((sum, on) => sum + on, 0) / mask.length
      expect(area).toBeGreaterThanOrEqual(smallestDefect)
      expect(area).toBeLessThanOrEqual(Math.max(largestDefect, Math.ceil(smallestDefect * mask.length) / mask.length))
      const outside = drawn.data.findIndex((value, i) => value !== image.data[i] && mask[Math.floor(i / channels)] === 0)
      expect(outside).toBe(-1)
      expect(drawn).toMatchObject({ width, height, channels })
    }
    expect([...seen].sort()).toEqual(['blob', 'contrast', 'noise', 'paste', 'scar', 'smear', 'tone'])
  })

  it('fills with what it may only', () => {
    const [image, other] = [picture(120, 90, 1, 3), picture(120, 90, 1, 4)]
    const filled = Array.from({ length: 40 }, (_, seed) => drawDefect(image, other, seed, ['noise', 'smear']).fill)
    expect([...new Set(filled)].sort()).toEqual(['noise', 'smear'])
  })

  it('is the same for the same seed and another for another', () => {
    const [image, other] = [picture(120, 90, 1, 3), picture(120, 90, 1, 4)]
    expect(drawDefect(image, other, 5)).toEqual(drawDefect(image, other, 5))
    expect(drawDefect(image, other, 5).mask).not.toEqual(drawDefect(image, other, 6).mask)
  })

  it('can be seen, even on a surface that most changes leave as it is', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { image, mask } = drawDefect(white, white, seed)
      const change = mask.reduce((sum, on, i) => sum + (on === 1 ? 255 - image.data[i]! : 0), 0) / mask.reduce((sum, on) => sum + on, 0)
      expect(change).toBeGreaterThanOrEqual(8)
    }
  })

  it('leaves the picture itself alone and pastes from a picture of another geometry', () => {
    const image = picture(100, 100, 3, 1)
    const before = Uint8Array.from(image.data)
    for (let seed = 0; seed < 20; seed++) drawDefect(image, picture(37, 61, 1, 2), seed)
    expect(image.data).toEqual(before)
  })
})
