/** A bank of the same size that covers new good parts too. */
import { greedyCoreset } from '../../detectors/coreset.ts'
import { joined } from '../../detectors/matrix-rows.ts'
import { imageTensor } from '../../detectors/picture-features.ts'
import type { RawImage } from '../../frame/image-codec.ts'
import type { Random } from '../../random.ts'
import { openSession } from '../../runtime/onnx-runtime.ts'
import type { PatchMemoryGraph } from './patch-memory-graph.ts'

/** Of each new picture, those that differ most. */
const patchesPerPicture = 64

/** `(n, width)` row-major: what each picture adds at most. */
export async function patchesOf (memory: PatchMemoryGraph, images: ReadonlyArray<() => Promise<RawImage>>, random: Random, threads: number): Promise<Float32Array[]> {
  const { width } = memory.bank
  const { model, output } = memory.featureModel()
  const session = await openSession(model, { threads })
  try {
    const patches: Float32Array[] = []
    for (const read of images) {
      const answer = await session.run({ image: imageTensor(await read()) })
      const rows = withoutLast(answer[output]?.data as Float32Array, width)
      const first = Math.floor(random() * rows.length / width)
      patches.push(rowsOf(rows, width, await greedyCoreset(rows, width, { count: patchesPerPicture, first })))
    }
    return patches
  } finally {
    await session.close()
  }
}

/**
 * As many entries as the bank had: of the old ones a beginning, which in greedy order is the best bank of its size, and up to `share` of the whole
 * from the new patches, each time the one farthest from all that is taken. Without that bound a new product whose patches vary more takes nearly
 * the whole bank, and the old one is forgotten.
 */
export async function extendedBank ({ bank }: PatchMemoryGraph, patches: readonly Float32Array[], share: number): Promise<Float32Array> {
  const { entries, width } = bank
  const count = entries.length / width
  const added = addedPatches(entries, joined(patches), width, Math.max(1, Math.round(share * count)))
  const pool = joined([entries.subarray(0, entries.length - added.length), added])
  // In greedy order again, for the next update.
  const order = await greedyCoreset(pool, width, { count, first: 0 })
  return joined([rowsOf(pool, width, order), rowsOf(pool, width, leftOut(order, count))])
}

/** Farthest first from the old entries and each other; none that is there already. */
function addedPatches (entries: Float32Array, patches: Float32Array, width: number, most: number): Float32Array {
  const count = patches.length / width
  const nearest = new Float64Array(count).fill(Infinity)
  for (let start = 0; start < entries.length - most * width; start += width) comeNearer(nearest, patches, width, entries, start)
  const taken: number[] = []
  while (taken.length < Math.min(most, count)) {
    let farthest = 0
    nearest.forEach((squared, index) => { if (squared > (nearest[farthest] as number)) farthest = index })
    if (!((nearest[farthest] as number) > 0)) break
    taken.push(farthest)
    comeNearer(nearest, patches, width, patches, farthest * width)
  }
  return rowsOf(patches, width, Uint32Array.from(taken))
}

function comeNearer (nearest: Float64Array, points: Float32Array, width: number, centres: Float32Array, start: number): void {
  for (let index = 0; index < nearest.length; index++) {
    const limit = nearest[index] as number
    let sum = 0
    for (let i = 0, at = index * width; i < width && sum < limit; i++, at++) sum += ((points[at] as number) - (centres[start + i] as number)) ** 2
    if (sum < limit) nearest[index] = sum
  }
}

/** Copies of what was taken: they fill the bank and change no distance. */
function leftOut (taken: Uint32Array, count: number): Uint32Array {
  const there = new Set(taken)
  return Uint32Array.from({ length: count }, (_, index) => index).filter((index) => !there.has(index))
}

/** The graph's features end in a one. */
function withoutLast (features: Float32Array, width: number): Float32Array {
  const rows = features.length / (width + 1)
  const kept = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) kept.set(features.subarray(row * (width + 1), row * (width + 1) + width), row * width)
  return kept
}

function rowsOf (values: Float32Array, width: number, indices: Uint32Array): Float32Array {
  const rows = new Float32Array(indices.length * width)
  indices.forEach((index, row) => { rows.set(values.subarray(index * width, (index + 1) * width), row * width) })
  return rows
}
