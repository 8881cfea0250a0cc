/** A data set of square pieces of another's pictures: no single look of a part, many of its surface. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GoodpartsError } from '../errors.ts'
import { decodeImage, encodePng, type RawImage } from '../frame/image-codec.ts'
import { makeFolder } from '../make-folder.ts'
import { permutation, seededRandom } from '../random.ts'
import type { Random } from '../random.ts'
import type { Dataset, DatasetEntry } from './dataset.ts'
import type { GroundTruth } from './defect-regions.ts'
import { groundTruthOf } from './pixel-evaluation.ts'

export interface CropOptions {
  /** Pixels. */
  edge: number
  /** Of each picture at most, drawn at random; default 4. */
  perPicture?: number
  seed: number
}

interface Crop { x: number, y: number, edge: number }

/** A piece is defective when it holds so much of a defect, or when so much of it is defective. */
const shareOfRegion = 0.5
const shareOfCrop = 0.005

/**
 * Writes the pieces and their masks into `folder`. Pieces of one picture stay on one side of every split, as do pictures of one part. Of defective
 * pictures only defective pieces are taken: whether the rest of them is good is not known. Those without ground truth give none.
 * @throws GOODPARTS_DATASET_INVALID when no picture is so large.
 */
export async function cropDataset (dataset: Dataset, folder: string, { edge, perPicture = 4, seed }: CropOptions, progress: (done: number, total: number) => void, signal: AbortSignal): Promise<Dataset> {
  const random = seededRandom(seed)
  const entries: DatasetEntry[] = []
  makeFolder(folder)
  for (const [index, entry] of dataset.entries.entries()) {
    signal.throwIfAborted()
    progress(index, dataset.entries.length)
    const image = await decodeImage(entry.path)
    const truth = await groundTruthOf({ entry, image }, image.width, image.height)
    if (!entry.isGood && truth === null) continue
    const crops = gridOf(image, edge).filter((crop) => truth === null || isDefective(crop, truth))
    for (const [place, crop] of drawn(crops, perPicture, random).entries()) {
      const name = `${String(index).padStart(5, '0')}-${place}`
      const path = join(folder, `${name}.png`)
      const mask = truth === null ? null : join(folder, `${name}-mask.png`)
      await writeFile(path, await encodePng(cut(image, crop), 1))
      if (truth !== null && mask !== null) await writeFile(mask, await encodePng(cutMask(truth, crop), 1))
      entries.push({ ...entry, path, mask, boxes: [], group: entry.group ?? entry.path })
    }
  }
  if (entries.length === 0) throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected ${dataset.source} to have pictures of at least ${edge} pixels, got none`)
  return { name: `${dataset.name}, pieces of ${edge}`, source: folder, layout: 'mvtec', entries }
}

/** Side by side, as many as there is room for, in the middle. */
function gridOf ({ width, height }: RawImage, edge: number): Crop[] {
  const [columns, rows] = [Math.floor(width / edge), Math.floor(height / edge)]
  const [left, top] = [Math.floor((width - columns * edge) / 2), Math.floor((height - rows * edge) / 2)]
  return Array.from({ length: rows * columns }, (_, i) => ({ x: left + i % columns * edge, y: top + Math.floor(i / columns) * edge, edge }))
}

function isDefective ({ x, y, edge }: Crop, { labels, sizes, width }: GroundTruth): boolean {
  const inside = sizes.map(() => 0)
  for (let row = y; row < y + edge; row++) {
    for (let column = x; column < x + edge; column++) {
      const label = labels[row * width + column] as number
      if (label > 0) inside[label] = (inside[label] ?? 0) + 1
    }
  }
  return inside.reduce((sum, count) => sum + count, 0) >= shareOfCrop * edge * edge || inside.some((count, label) => label > 0 && count >= shareOfRegion * (sizes[label] ?? Infinity))
}

function drawn (crops: readonly Crop[], most: number, random: Random): Crop[] {
  return Array.from(permutation(crops.length, random).subarray(0, most), (index) => crops[index] as Crop)
}

function cut ({ data, width, channels }: RawImage, { x, y, edge }: Crop): RawImage {
  const piece = new Uint8Array(edge * edge * channels)
  for (let row = 0; row < edge; row++) piece.set(data.subarray(((y + row) * width + x) * channels, ((y + row) * width + x + edge) * channels), row * edge * channels)
  return { data: piece, width: edge, height: edge, channels }
}

function cutMask ({ labels, width }: GroundTruth, crop: Crop): RawImage {
  return cut({ data: Uint8Array.from(labels, (label) => label > 0 ? 255 : 0), width, height: labels.length / width, channels: 1 }, crop)
}
