import { describe, expect, it } from 'vitest'
import { cropFeeds } from '../../../engine/detectors/contrastive/crops.ts'
import { encoderTraining, featureNetwork, projectionWidth, turns } from '../../../engine/detectors/contrastive/encoder.ts'
import { buildShiftGraph } from '../../../engine/detectors/contrastive/shifts.ts'
import { encodeModel } from '../../../engine/graph/encode.ts'
import { normal, seededRandom } from '../../../engine/random.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'
import { toFloatImage, writePlanes } from '../../../engine/training/augment/float-image.ts'
import { turn } from '../../../engine/training/augment/geometry.ts'
import { exportInference } from '../../../engine/training/network/export-inference.ts'
import { initialWeights } from '../../../engine/training/network/parameter.ts'
import { greyLevels } from '../../../engine/detectors/network-pictures.ts'
import { goodPart } from '../good-parts.ts'
import { turnedPieces } from '../turned-pieces.ts'

const edge = 32
const grid = edge / 4

describe('the CSI graph', () => {
  it('is minus the mean over the turns of similarity times norm and the shift, each turned back to its place', async () => {
    const settings = { method: 'csi' as const, pasted: 'both' as const, channels: 1 as const, width: 4 }
    const weights = initialWeights(encoderTraining(settings, 16, 2).parameters, 1)
    const random = seededRandom(3)
    const shifts = Array.from({ length: turns }, (_, index) => ({
      axes: Float32Array.from({ length: 5 * projectionWidth }, () => normal(random)), similarityWeight: 0.3 + index, shiftWeight: 0.7 * index
    }))
    const image = goodPart(4, edge)
    const session = await openSession(encodeModel(buildShiftGraph({ ...settings, size: edge, weights, mapSigma: 0 }, shifts)))
    const { map } = await session.run({ image: { type: 'uint8', dims: [1, edge, edge, 1], data: image.data } })
    await session.close()

    const features = await openSession(encodeModel(exportInference(featureNetwork(settings, edge, 1), weights)))
    const expected = new Float64Array(grid * grid)
    for (const [quarters, { axes, similarityWeight, shiftWeight }] of shifts.entries()) {
      const data = new Float32Array(edge * edge)
      writePlanes(turn(toFloatImage(image), quarters), data, 0, greyLevels)
      const { projection, shift } = await features.run({ picture: { type: 'float32', dims: [1, 1, edge, edge], data } })
      const normality = Float32Array.from({ length: grid * grid }, (_, place) => {
        const similarities = Array.from({ length: 5 }, (_axis, axis) => Array.from({ length: projectionWidth }, (_number, i) =>
          (projection!.data as Float32Array)[place * projectionWidth + i]! * axes[axis * projectionWidth + i]!).reduce((sum, value) => sum + value))
        return similarityWeight * Math.max(...similarities) + shiftWeight * (shift!.data as Float32Array)[place * turns + quarters]!
      })
      const back = turn({ data: normality, width: grid, height: grid, channels: 1 }, turns - quarters)
      back.data.forEach((value, place) => { expected[place]! -= value / turns })
    }
    await features.close()
    const scale = Math.max(...expected.map(Math.abs))
    expect(Math.max(...(map!.data as Float32Array).map((value, place) => Math.abs(value - expected[place]!)))).toBeLessThan(1e-5 * scale)
  })
})

describe('crops', () => {
  const pictures = [1, 2, 3].map((seed) => toFloatImage(goodPart(seed)))

  it('are the same for the same step, others for another', () => {
    const settings = { method: 'cutpaste' as const, pasted: 'both' as const, nuisances: ['brightness' as const], patch: 16, batch: 2, seed: 1 }
    expect(cropFeeds(pictures, settings, 4)).toEqual(cropFeeds(pictures, settings, 4))
    expect(cropFeeds(pictures, settings, 4)).not.toEqual(cropFeeds(pictures, settings, 5))
  })

  it('of CSI come view by view, within a view turn by turn', () => {
    const batch = 2
    const { crops } = cropFeeds(pictures, { method: 'csi', pasted: 'both', nuisances: ['shift', 'contrast', 'mirror'], patch: 16, batch, seed: 1 }, 1)
    expect(crops!.dims).toEqual([2 * turns * batch, 1, 16, 16])
    const cropAt = (index: number): Float32Array => (crops!.data).slice(index * 256, (index + 1) * 256)
    const upright = { data: cropAt(turns * batch + 1), width: 16, height: 16, channels: 1 as const }
    expect(turn(upright, 3).data).toEqual(cropAt(turns * batch + 3 * batch + 1))
  })
})

describe('turned pieces', { timeout: 120_000 }, () => {
  it.each([
    ['cutpaste', 'nearest', 0.95, 0.9], ['cutpaste', 'gaussian', 0.95, 0.9], ['csi', 'nearest', 0.95, 0.9],
    // Views are mirrored and made brighter and darker, which takes some of the difference away.
    ['simclr', 'nearest', 0.7, 0.6]
  ])('are told by %s with density %s, and the map shows their place', async (method, density, leastSeparation, leastFound) => {
    const { separation, found } = await turnedPieces('contrastive', { method, density, size: 64, patch: 32, width: 6, bankSize: 300, batch: 6, steps: 60, learningRate: 0.005, mapSigma: 2 })
    expect(separation).toBeGreaterThan(leastSeparation)
    expect(found).toBeGreaterThan(leastFound)
  })
})
