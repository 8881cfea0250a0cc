import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cropDataset } from '../../engine/evaluation/crop-dataset.ts'
import type { Dataset, DatasetEntry } from '../../engine/evaluation/dataset.ts'
import { decodeImage, encodePng } from '../../engine/frame/image-codec.ts'

let folder: string
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-crop-test-')) })
afterAll(() => { rmSync(folder, { recursive: true }) })

const [width, height] = [110, 70]
const quiet: [() => void, AbortSignal] = [() => {}, new AbortController().signal]

async function entry (name: string, change: Partial<DatasetEntry>): Promise<DatasetEntry> {
  const path = join(folder, `${name}.png`)
  // Every pixel says where it is.
  writeFileSync(path, await encodePng({ data: Uint8Array.from({ length: width * height }, (_, i) => i % width + Math.floor(i / width)), width, height, channels: 1 }))
  return { split: 'test', path, label: 'good', isGood: true, mask: null, boxes: [], group: null, product: null, ...change }
}

it('cuts good pictures side by side and defective ones where the defect is', async () => {
  const box = { x1: 41, y1: 5, x2: 47, y2: 11, type: 'hole' }
  const entries = [
    await entry('good', { split: 'train' }),
    await entry('hole', { label: 'hole', isGood: false, boxes: [box], group: 'part 7' }),
    await entry('unknown', { label: 'stain', isGood: false })
  ]
  const dataset: Dataset = { name: 'marks', source: folder, layout: 'mvtec', entries }
  const pieces = await cropDataset(dataset, join(folder, 'pieces'), { edge: 32, perPicture: 4, seed: 1 }, ...quiet)
  expect(pieces.entries.map(({ label, split, group }) => [label, split, group])).toEqual([...[0, 1, 2, 3].map(() => ['good', 'train', entries[0]!.path]), ['hole', 'test', 'part 7']])
  // Three columns and two rows from (7, 3).
  const corners = await Promise.all(pieces.entries.map(async ({ path }) => (await decodeImage(path)).data[0]))
  for (const corner of corners) expect([10, 42, 74, 106]).toContain(corner)
  const hole = pieces.entries.at(-1)!
  expect((await decodeImage(hole.path)).data[0]).toBe(39 + 3)
  const mask = await decodeImage(hole.mask!)
  expect(mask).toMatchObject({ width: 32, height: 32 })
  const marked = [...mask.data.keys()].filter((i) => mask.data[i]! > 127)
  expect(marked).toHaveLength(36)
  expect(marked[0]).toBe((5 - 3) * 32 + 41 - 39)
})

it('says so when no picture is large enough', async () => {
  const dataset: Dataset = { name: 'marks', source: folder, layout: 'mvtec', entries: [await entry('small', {})] }
  await expect(cropDataset(dataset, join(folder, 'none'), { edge: 128, seed: 1 }, ...quiet)).rejects.toMatchObject({ code: 'GOODPARTS_DATASET_INVALID' })
})
