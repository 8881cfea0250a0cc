/** A bank of the same size that covers new good parts too: k-centre over the old entries and the new parts' own selections. */
import { greedyCoreset } from '../../detectors/coreset.ts'
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

/** As many entries as the bank had. Old entries count like new ones: what is near another goes first, whichever it is. */
export async function extendedBank ({ bank }: PatchMemoryGraph, patches: readonly Float32Array[]): Promise<Float32Array> {
  const { entries, width } = bank
  const pool = new Float32Array(entries.length + patches.reduce((sum, { length }) => sum + length, 0))
  pool.set(entries)
  let offset = entries.length
  for (const part of patches) {
    pool.set(part, offset)
    offset += part.length
  }
  const count = entries.length / width
  const taken = await greedyCoreset(pool, width, { count, first: 0 })
  const chosen = rowsOf(pool, width, taken)
  if (taken.length === count) return chosen
  // Copies were passed over: the rest of the bank repeats what is there, which changes no distance.
  const filled = new Float32Array(entries.length)
  for (let row = 0; row < count; row++) filled.set(chosen.subarray((row % taken.length) * width, (row % taken.length + 1) * width), row * width)
  return filled
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
