import { describe, expect, it } from 'vitest'
import { addDifferences, differenceChannels } from '../../../engine/detectors/discriminative/differences.ts'
import { squareEdge } from '../../../engine/detectors/discriminative/feature-maps.ts'
import { spoil } from '../../../engine/detectors/discriminative/feature-noise.ts'
import { GraphBuilder } from '../../../engine/graph/builder.ts'
import { encodeModel } from '../../../engine/graph/encode.ts'
import { normal, seededRandom } from '../../../engine/random.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'

describe('addDifferences', () => {
  it('gives how each feature differs from the nearest that is known, and the logarithm of the distance', async () => {
    const [width, count, grid] = [5, 7, 3]
    const random = seededRandom(1)
    const entries = Float32Array.from({ length: count * width }, () => normal(random))
    const features = Float32Array.from({ length: width * grid * grid }, () => normal(random))
    const builder = new GraphBuilder('differences')
    const input = builder.input('features', 'float32', ['N', width, grid, grid])
    builder.output('differences', addDifferences(builder, input, { entries, width }, grid), 'float32', ['N', differenceChannels(width), grid, grid])
    const session = await openSession(encodeModel(builder.build()))
    const { differences } = await session.run({ features: { type: 'float32', dims: [1, width, grid, grid], data: features } })
    await session.close()
    const at = (channel: number, place: number): number => (differences!.data as Float32Array)[channel * grid * grid + place]!
    for (let place = 0; place < grid * grid; place++) {
      const feature = Array.from({ length: width }, (_, channel) => features[channel * grid * grid + place]!)
      const distances = Array.from({ length: count }, (_, entry) => Math.hypot(...feature.map((value, channel) => value - entries[entry * width + channel]!)))
      const nearest = distances.indexOf(Math.min(...distances))
      feature.forEach((value, channel) => { expect(at(channel, place)).toBeCloseTo(Math.abs(value - entries[nearest * width + channel]!), 4) })
      expect(at(width, place)).toBeCloseTo(Math.log(distances[nearest]! + 0.01), 4)
    }
  })
})

describe('spoil', () => {
  it('changes what its mask says, and nothing else', () => {
    const map = new Float32Array(2 * 16 * 16)
    const { noisy, mask } = spoil(map, 16, 0.5, seededRandom(2))
    expect(noisy.every((value, index) => (value !== 0) === (mask[index % 256] === 1))).toBe(true)
    expect(mask.some((value) => value === 1)).toBe(true)
    expect(map.every((value) => value === 0)).toBe(true)
  })
})

describe('squareEdge', () => {
  it.each([[16, 16], [18, 16], [48, 48], [160, 48]])('of %i positions is %i', (grid, expected) => {
    expect(squareEdge(grid)).toBe(expected)
  })
})
