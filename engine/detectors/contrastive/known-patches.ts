/** Features of good parts by a trained encoder. */
import { permutation } from '../../random.ts'
import type { GraphSession } from '../../runtime/onnx-runtime.ts'
import { writePlanes } from '../../training/augment/float-image.ts'
import type { FloatImage } from '../../training/augment/float-image.ts'
import { greyLevels } from '../network-pictures.ts'
import { greedyCoreset } from '../coreset.ts'
import type { FitWork } from '../fit-work.ts'
import { joined, rowsOf } from '../matrix-rows.ts'

/** Of all pictures together. */
const patchesTogether = 12_000

/** Rows of each output at the same random positions of every picture, `(n, width)`; the session stays open. */
export async function samplePatches (session: GraphSession, pictures: readonly FloatImage[], outputs: readonly string[], work: FitWork): Promise<Record<string, Float32Array>> {
  const random = work.random('rows')
  const each = Math.ceil(patchesTogether / pictures.length)
  const parts: Record<string, Float32Array[]> = Object.fromEntries(outputs.map((name) => [name, []]))
  for (const [index, picture] of pictures.entries()) {
    await work.step('features', index, pictures.length)
    const { width, height, channels } = picture
    const data = new Float32Array(channels * width * height)
    writePlanes(picture, data, 0, greyLevels)
    const results = await session.run({ picture: { type: 'float32', dims: [1, channels, height, width], data } })
    const positions = results[outputs[0] ?? '']?.dims[1] ?? 0
    const rows = permutation(positions, random).subarray(0, each)
    for (const name of outputs) {
      const values = results[name]?.data as Float32Array
      parts[name]?.push(rowsOf(values, values.length / positions, rows))
    }
  }
  return Object.fromEntries(outputs.map((name) => [name, joined(parts[name] ?? [])]))
}

/** The `count` most different of them. */
export async function mostDifferent (patches: Float32Array, width: number, count: number, work: FitWork): Promise<Float32Array> {
  const first = Math.floor(work.random('coreset')() * patches.length / width)
  return rowsOf(patches, width, await greedyCoreset(patches, width, { count, first, pause: (taken) => work.step('coreset', taken, count) }))
}
