import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decodeImage } from '../../engine/frame/image-codec.ts'

const folder = join(import.meta.dirname, '..', '..', 'flows', 'samples', 'light-guide-plates')
const [header, ...rows] = readFileSync(join(folder, 'dataset.csv'), 'utf8').trimEnd().split('\n').map((line) => line.split(','))
const parts = rows.map(([split, path, label, mask, , group]) => ({ split, path: path!, label, mask: mask!, group: group! }))

describe('sample of light-guide plates', () => {
  test('has the columns and the splits that its README states', () => {
    expect(header).toEqual(['split', 'path', 'label', 'mask', 'boxes', 'group', 'product'])
    const count = (wanted: object): number => parts.filter((part) => Object.entries(wanted).every(([key, value]) => part[key as keyof typeof part] === value)).length
    expect(count({ split: 'train', label: 'good' })).toBe(60)
    expect(count({ split: 'calibration', label: 'good' })).toBe(20)
    expect(count({ split: 'test', label: 'good' })).toBe(40)
    expect(count({ split: 'test', label: 'defect' })).toBe(60)
    expect(parts.filter(({ mask }) => mask !== '')).toHaveLength(20)
  })

  test('lists every picture once, no part twice, in at most 5 MB', () => {
    const files = ['good', 'defect', 'masks'].flatMap((name) => readdirSync(join(folder, name)).map((file) => `${name}/${file}`))

    expect(parts.flatMap(({ path, mask }) => mask === '' ? [path] : [path, mask]).sort()).toEqual(files.sort())
    expect(new Set(parts.map(({ group }) => group)).size).toBe(parts.length)
    expect(files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)).toBeLessThanOrEqual(5_000_000)
  })

  test('trains on the first sixty by name, so that a line in that order begins with them', () => {
    expect(parts.filter(({ split }) => split === 'train').map(({ path }) => path)).toEqual(readdirSync(join(folder, 'good')).sort().slice(0, 60).map((file) => `good/${file}`))
  })

  test('holds grey pictures of one size, and masks of black and white', async () => {
    for (const { path, mask } of parts) {
      expect(await decodeImage(join(folder, path)), path).toMatchObject({ width: 224, height: 224, channels: 1 })
      if (mask === '') continue
      const { data, ...size } = await decodeImage(join(folder, mask))
      expect(size).toEqual({ width: 224, height: 224, channels: 1 })
      expect([...new Set(data)].sort((a, b) => a - b), mask).toEqual([0, 255])
    }
  })
})
