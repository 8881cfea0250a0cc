import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readBundle } from '../../engine/bundle/bundle.ts'
import { GoodExemplars, mostTelling } from '../../engine/bundle/good-exemplars.ts'
import { exemplarsOf, withExemplars } from '../../engine/bundle/kept-exemplars.ts'
import { readMetadata, withMetadata } from '../../engine/graph/metadata.ts'
import { decodeImage, type RawImage } from '../../engine/frame/image-codec.ts'
import { findRegions } from '../../engine/decision/regions.ts'
import { otsuThreshold } from '../../engine/explain/otsu.ts'
import { description } from '../runtime/brightness-bundle.ts'
import { brightnessGraph } from '../runtime/brightness-bundle.ts'
import { writeBundle } from '../../engine/bundle/bundle.ts'

/** A bright stripe at `left`, `(48, 48, 1)`, over `level`. */
function stripe (left: number, level = 60): RawImage {
  return { data: Uint8Array.from({ length: 48 * 48 }, (_, i) => i % 48 >= left && i % 48 < left + 8 ? level + 100 : level), width: 48, height: 48, channels: 1 }
}

const good = [0, 8, 16, 24, 32, 40].map((left) => ({ name: `/parts/${left}.png`, read: async () => Promise.resolve(stripe(left)) }))

describe('exemplars', () => {
  test('nearest: the one that looks most alike, at any exposure', async () => {
    const exemplars = new GoodExemplars()
    for (const { name, read } of good) await exemplars.add({ name, image: await read() })

    expect((await exemplars.nearest(stripe(25, 120)))?.name).toBe('/parts/24.png')
    expect(await new GoodExemplars().nearest(stripe(0))).toBeNull()
  })

  test('are chosen to stand for all, doubles left out', () => {
    const at = (...values: number[]): Float32Array => Float32Array.from(values)

    expect(mostTelling([at(0, 0), at(0, 0), at(9, 0), at(1, 0), at(0, 8)], 3)).toEqual([3, 4, 2])
    expect(mostTelling([at(1), at(1)], 5)).toEqual([0])
    expect(mostTelling([], 5)).toEqual([])
  })

  test('travel in the bundle\'s file, which stays the bundle that it was', async () => {
    const bundle = writeBundle(brightnessGraph(), description())

    const kept = await withExemplars(bundle, good)

    expect((await readBundle(kept.bytes)).metadata).toEqual(bundle.metadata)
    const exemplars = await exemplarsOf(kept.bytes)
    expect(exemplars.size).toBe(6)
    expect((await exemplars.nearest(stripe(17)))?.name).toBe('16.png')
    expect((await exemplarsOf(bundle.bytes)).size).toBe(0)
    const damaged = (entry: string): Uint8Array => withMetadata(kept.bytes, { ...readMetadata(kept.bytes), 'goodparts.exemplars': entry })
    expect((await exemplarsOf(damaged('[{'))).size).toBe(0)
    expect((await exemplarsOf(damaged(JSON.stringify([{ name: 'broken.jpg', jpeg: 'bm8gSlBFRw==' }, { name: 'huge.jpg', jpeg: 'A'.repeat(3 << 20) }])))).size).toBe(0)
  })
})

describe('of real plates of several dot pitches, a part is shown a plate', () => {
  const plate = (kind: 'good' | 'defect', number: number): string => fileURLToPath(new URL(`../../flows/samples/light-guide-plates/${kind}/${String(number).padStart(3, '0')}.png`, import.meta.url))
  /** Dots on a plate, counted. */
  const dotsOf = ({ data, width, height }: RawImage): number => {
    const values = Float32Array.from(data, (level) => level / 255)
    return findRegions({ values, width, height }, { limit: otsuThreshold(values) ?? 1, frame: { width, height }, maximum: Infinity }).length
  }

  test('of nearly as many dots as it has, and not always the same one', async () => {
    const training = Array.from({ length: 60 }, (_, number) => plate('good', number))
    const kept = await withExemplars(writeBundle(brightnessGraph(), description()), training.map((name) => ({ name, read: async () => decodeImage(name) })))
    const exemplars = await exemplarsOf(kept.bytes)
    const asked = [...Array.from({ length: 60 }, (_, number) => plate('good', 60 + number)), ...Array.from({ length: 60 }, (_, number) => plate('defect', number))]

    const shown = new Map<string, number>()
    const octaves: number[] = []
    for (const path of asked) {
      const image = await decodeImage(path)
      const nearest = await exemplars.nearest(image)
      if (nearest === null) throw new Error('Expected an exemplar, got none')
      shown.set(nearest.name, (shown.get(nearest.name) ?? 0) + 1)
      octaves.push(Math.abs(Math.log2(dotsOf(nearest.image) / dotsOf(image))))
    }

    expect(exemplars.size).toBe(12)
    expect(Math.max(...shown.values())).toBeLessThanOrEqual(asked.length / 4)
    octaves.sort((a, b) => a - b)
    expect(octaves[Math.floor(octaves.length / 2)]).toBeLessThan(0.2)
    expect(octaves.at(-1)).toBeLessThan(0.75)
  }, 60_000)
})
