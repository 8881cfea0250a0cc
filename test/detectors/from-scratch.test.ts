import { describe, expect, it } from 'vitest'
import { fitFromScratch } from '../../engine/detectors/from-scratch.ts'
import type { ScratchFamily } from '../../engine/detectors/from-scratch.ts'
import { GraphBuilder } from '../../engine/graph/builder.ts'
import type { Graph } from '../../engine/graph/graph.ts'
import type { FloatImage } from '../../engine/training/augment/float-image.ts'
import { addPictureInput } from '../../engine/detectors/network-pictures.ts'
import { goodParts } from './good-parts.ts'

const size = 32
const bytesOfOne = 4 * size * size

/** Grey levels as the map, their mean as the score. */
function greyGraph (): Graph {
  const builder = new GraphBuilder('grey')
  const picture = addPictureInput(builder, { size, channels: 1 })
  builder.output('score', builder.node('ReduceMean', [picture, builder.whole(1, 2, 3)], { keepdims: 0 }), 'float32', ['N'])
  builder.output('map', builder.node('Squeeze', [picture, builder.whole(1)]), 'float32', ['N', size, size])
  return builder.build()
}

/** A family that learns nothing, and the pictures that it was to learn from. */
async function learntFrom (count: number, budget: number): Promise<readonly FloatImage[]> {
  let shown: readonly FloatImage[] = []
  const scratch: ScratchFamily = {
    family: 'grey',
    name: () => 'grey',
    size,
    augmentation: 'none',
    shifts: [],
    selection: { patch: null, nuisances: [], shifts: [], sets: () => [], trainedOperators: [] },
    options: () => ({}),
    learn: (pictures) => {
      shown = pictures
      return Promise.resolve(greyGraph())
    }
  }
  const { metadata } = await fitFromScratch(goodParts(count, size), scratch, { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal }, budget)
  // All others are still what calibrates.
  expect(metadata.calibration.scores).toHaveLength(10)
  return shown
}

describe('pictures for training', () => {
  it('are as many as memory has room for, spread over all', async () => {
    const all = await learntFrom(40, 1000 * bytesOfOne)
    expect(all).toHaveLength(30)
    const some = await learntFrom(40, 15.5 * bytesOfOne)
    expect(some.map(({ data }) => data)).toEqual(all.filter((_, index) => index % 2 === 0).map(({ data }) => data))
  })

  it('are one at least', async () => {
    expect(await learntFrom(40, 1)).toHaveLength(1)
  })
})
