import { describe, expect, it } from 'vitest'
import { efficientNetLite0 } from '../../../engine/backbones/backbone.ts'
import { addImageInput } from '../../../engine/detectors/backbone-features/image-input.ts'
import { GraphBuilder } from '../../../engine/graph/builder.ts'
import { encodeModel } from '../../../engine/graph/encode.ts'
import { seededRandom } from '../../../engine/random.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'

const plain = { ...efficientNetLite0, mean: [0, 0, 0], deviation: [1, 1, 1] } as const

/** Triangle filter as wide as the step from one output pixel to the next, at least two pixels: antialiased linear resizing. */
function weights (from: number, to: number): number[][] {
  const scale = Math.max(1, from / to)
  return Array.from({ length: to }, (_, index) => {
    const centre = (index + 0.5) * from / to
    const row = Array.from({ length: from }, (_, pixel) => Math.max(0, 1 - Math.abs(pixel + 0.5 - centre) / scale))
    const sum = row.reduce((total, weight) => total + weight, 0)
    return row.map((weight) => weight / sum)
  })
}

describe('the image input', () => {
  it.each([[1, 50, 90], [3, 50, 90], [3, 20, 17], [1, 32, 32], [3, 32, 80]])('resizes with antialiasing: %i channels, %i x %i', async (channels, height, width) => {
    const random = seededRandom(height + channels)
    const data = Uint8Array.from({ length: 2 * height * width * channels }, () => random() * 256)
    const builder = new GraphBuilder('input')
    builder.output('y', addImageInput(builder, plain, 32, 'backbone'), 'float32', ['N', 3, 32, 32])
    const session = await openSession(encodeModel(builder.build()))
    const { y } = await session.run({ image: { type: 'uint8', dims: [2, height, width, channels], data } })
    await session.close()
    expect(y?.dims).toEqual([2, 3, 32, 32])
    const [rows, columns] = [weights(height, 32), weights(width, 32)]
    for (let picture = 0; picture < 2; picture++) {
      for (let channel = 0; channel < 3; channel++) {
        for (const [position, v, u] of [[0, 0, 0], [1, 31, 31], [2, 13, 7], [3, 0, 20]] as const) {
          let expected = 0
          rows[v]!.forEach((a, row) => columns[u]!.forEach((b, column) => {
            expected += a * b * data[((picture * height + row) * width + column) * channels + channel % channels]!
          }))
          const found = Number(y!.data[((picture * 3 + channel) * 32 + v) * 32 + u])
          expect(Math.abs(found - expected), `position ${position}`).toBeLessThanOrEqual(1.01)
        }
      }
    }
  })
})
