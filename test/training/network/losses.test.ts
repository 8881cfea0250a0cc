import { describe, expect, it } from 'vitest'
import type { Value } from '../../../engine/graph/graph.ts'
import { encodeModel } from '../../../engine/graph/encode.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'
import { contrastiveLoss, crossEntropy, excluded, focalLoss, meanSquares, structuralSimilarity, supervisedContrastiveLoss, truncatedL1 } from '../../../engine/training/network/losses.ts'
import { NetworkBuilder } from '../../../engine/training/network/network-builder.ts'

/** The value of a loss of two constants `(rows, columns)`. */
async function lossOf (make: (network: NetworkBuilder, a: Value, b: Value) => Value, a: number[][], b: number[][]): Promise<number> {
  const network = new NetworkBuilder('loss')
  const [one, other] = [a, b].map((rows) => network.graph.constant(Float32Array.from(rows.flat()), [rows.length, rows[0]!.length]))
  network.graph.output('loss', make(network, one!, other!), 'float32', [])
  const session = await openSession(encodeModel(network.build().graph))
  const { loss } = await session.run({})
  await session.close()
  return (loss!.data as Float32Array)[0]!
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))

describe('focalLoss', () => {
  it('is -(1 - p)^gamma log p of the right answer, both classes weighted alike', async () => {
    const each = (p: number): number => -((1 - p) ** 2) * Math.log(p)
    // One positive, two negatives; the count of each is raised by one, so that an absent class counts nothing.
    const expected = (each(sigmoid(0.3)) / 2 + (each(1 - sigmoid(-1)) + each(1 - sigmoid(2))) / 3) / 2
    expect(await lossOf((network, a, b) => focalLoss(network, a, b, 2), [[0.3, -1, 2]], [[1, 0, 0]])).toBeCloseTo(expected, 5)
  })

  it('stays a number for any logit', async () => {
    expect(await lossOf((network, a, b) => focalLoss(network, a, b, 4), [[80, -80, 80, -80]], [[1, 1, 0, 0]])).toBeCloseTo(2 * 2 * 80 / 6 / 2, 3)
  })
})

describe('truncatedL1', () => {
  it('counts only what falls short of the margin', async () => {
    // Positives 1 (enough) and 0.2 (short by 0.3); negatives -2 (enough) and 0.5 (short by 1).
    expect(await lossOf((network, a, b) => truncatedL1(network, a, b, 0.5), [[1, 0.2, -2, 0.5]], [[1, 1, 0, 0]])).toBeCloseTo((0.3 / 3 + 1 / 3) / 2, 5)
  })
})

describe('crossEntropy', () => {
  it('is the mean of -log softmax at the class', async () => {
    const softmax = Math.exp(2) / (Math.exp(1) + Math.exp(2) + Math.exp(3))
    expect(await lossOf(crossEntropy, [[1, 2, 3], [0, 0, 0]], [[0, 1, 0], [1, 0, 0]])).toBeCloseTo((-Math.log(softmax) + Math.log(3)) / 2, 5)
  })
})

describe('meanSquares', () => {
  it('is the mean of squared differences', async () => {
    expect(await lossOf(meanSquares, [[1, 2, 3]], [[1, 4, 0]])).toBeCloseTo(13 / 3, 5)
  })
})

describe('contrastiveLoss', () => {
  it('is NT-Xent: the other view among all rows but the own, worked out by hand', async () => {
    const rows = [[1, 0], [0, 2], [3, 4], [-1, 1]]
    const unit = rows.map((row) => row.map((value) => value / Math.hypot(...row)))
    const similarity = (i: number, j: number): number => Math.exp((unit[i]![0]! * unit[j]![0]! + unit[i]![1]! * unit[j]![1]!) / 0.5)
    const each = [0, 1, 2, 3].map((i) => -Math.log(similarity(i, (i + 2) % 4) / [0, 1, 2, 3].filter((j) => j !== i).reduce((sum, j) => sum + similarity(i, j), 0)))
    const expected = each.reduce((sum, value) => sum + value, 0) / 4
    expect(await lossOf((network, a) => contrastiveLoss(network, a, 4, 0.5), rows, rows)).toBeCloseTo(expected, 4)
  })
})

describe('supervisedContrastiveLoss', () => {
  it('is the mean over rows with class mates of the mean over these, among all other rows that are there, worked out by hand', async () => {
    // The last row is not there; that of class b has no mate.
    const rows = [[1, 0], [0, 2], [3, 4], [-1, 1], [9, 9]]
    const labels = ['a', 'a', 'a', 'b']
    const unit = rows.map((row) => row.map((value) => value / Math.hypot(...row)))
    const similarity = (i: number, j: number): number => Math.exp((unit[i]![0]! * unit[j]![0]! + unit[i]![1]! * unit[j]![1]!) / 0.5)
    const mates = (i: number): number[] => [0, 1, 2, 3].filter((j) => j !== i && labels[j] === labels[i])
    const all = (i: number): number => [0, 1, 2, 3].filter((j) => j !== i).reduce((sum, j) => sum + similarity(i, j), 0)
    const expected = [0, 1, 2].reduce((sum, i) => sum - mates(i).reduce((own, j) => own + Math.log(similarity(i, j) / all(i)), 0) / mates(i).length, 0) / 3
    const square = (value: (i: number, j: number) => number): number[][] => [0, 1, 2, 3, 4].map((i) => [0, 1, 2, 3, 4].map((j) => value(i, j)))
    const shares = square((i, j) => i < 3 && mates(i).includes(j) ? 1 / 6 : 0)
    const left = square((i, j) => i === j || i === 4 || j === 4 ? excluded : 0)
    const loss = await lossOf((network, a, b) => supervisedContrastiveLoss(network, a, { mates: b, left: network.graph.constant(Float32Array.from(left.flat()), [5, 5]), temperature: 0.5 }), rows, shares)
    expect(loss).toBeCloseTo(expected, 4)
  })
})

describe('structuralSimilarity', () => {
  const edge = 24
  const wave = Float32Array.from({ length: edge * edge }, (_, i) => Math.sin(i % edge) + Math.cos(Math.floor(i / edge) / 2))

  async function mapOf (other: Float32Array): Promise<Float32Array> {
    const network = new NetworkBuilder('ssim')
    const one = { value: network.graph.constant(wave, [1, 1, edge, edge]), channels: 1, height: edge, width: edge }
    const similarity = structuralSimilarity(network, one, network.graph.constant(other, [1, 1, edge, edge]), 2)
    network.graph.output('map', similarity, 'float32', [1, 1, edge, edge])
    const session = await openSession(encodeModel(network.build().graph))
    const { map } = await session.run({})
    await session.close()
    return map!.data as Float32Array
  }

  it('is 1 for the same, and falls where a structure is gone', async () => {
    expect((await mapOf(wave)).every((value) => Math.abs(value - 1) < 1e-3)).toBe(true)
    const flattened = wave.map((value, i) => i % edge > 16 ? 0 : value)
    const map = await mapOf(flattened)
    expect(map[12 * edge + 20]).toBeLessThan(0.2)
    expect(map[12 * edge + 4]).toBeCloseTo(1, 3)
  })

  it('is Wang\'s formula at a point, worked out by hand', async () => {
    const noisy = wave.map((value, i) => value + 0.3 * Math.sin(i * i))
    const [x, y] = [12, 12]
    let [mx, my, xx, yy, xy, sum] = [0, 0, 0, 0, 0, 0]
    for (let v = -5; v <= 5; v++) {
      for (let u = -5; u <= 5; u++) {
        const weight = Math.exp(-(u * u + v * v) / (2 * 1.5 ** 2))
        const [a, b] = [wave[(y + v) * edge + x + u]!, noisy[(y + v) * edge + x + u]!]
        sum += weight; mx += weight * a; my += weight * b; xx += weight * a * a; yy += weight * b * b; xy += weight * a * b
      }
    }
    mx /= sum; my /= sum
    const [sx, sy, sxy] = [xx / sum - mx * mx, yy / sum - my * my, xy / sum - mx * my]
    const [c1, c2] = [0.02 ** 2, 0.06 ** 2]
    const expected = (2 * mx * my + c1) * (2 * sxy + c2) / ((mx * mx + my * my + c1) * (sx + sy + c2))
    expect((await mapOf(noisy))[y * edge + x]).toBeCloseTo(expected, 4)
  })
})
