/** What only the whole part shows: pads that are each in a place where pads belong, and never come together. */
import { describe, expect, it } from 'vitest'
import type { FitContext, GoodImage } from '../../../engine/detectors/detector.ts'
import { distillation } from '../../../engine/detectors/distillation/distillation.ts'
import { auroc } from '../../../engine/auroc.ts'
import type { RawImage } from '../../../engine/frame/image-codec.ts'
import { decodeModel } from '../../../engine/graph/decode.ts'
import { encodeModel } from '../../../engine/graph/encode.ts'
import type { Graph, Value } from '../../../engine/graph/graph.ts'
import { normal, seededRandom } from '../../../engine/random.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'

const context: FitContext = { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal }
const edge = 64
const diagonals = [[0, 3], [1, 2]]
const sides = [[0, 1], [2, 3], [0, 2], [1, 3]]
/** Of the map, the mean of which is compared. */
const highest = 6

/** Two pads in two of the four corners, numbered row by row. */
function part (seed: number, corners: readonly number[]): RawImage {
  const random = seededRandom(seed)
  const level = 90 + 6 * random()
  const along = (far: boolean): number => (far ? 0.78 : 0.22) * edge
  const data = Uint8Array.from({ length: edge * edge }, (_, pixel) => {
    const onPad = corners.some((corner) => Math.hypot(pixel % edge - along(corner % 2 === 1), Math.floor(pixel / edge) - along(corner > 1)) < 0.09 * edge)
    return (onPad ? 190 : level) + 3 * normal(random)
  })
  return { data, width: edge, height: edge, channels: 1 }
}

/** The squared differences that both branches give, before they are brought to one scale and added: of student and teacher, of auto-encoder and student. */
function branchesOf ({ nodes }: Graph): Value[] {
  const sourceOf = (value: Value | undefined, operator: string): Value | undefined => nodes.find(({ outputs, operator: found }) => found === operator && outputs.includes(value ?? ''))?.inputs[0]
  const differences = nodes.filter(({ operator }) => operator === 'Add').map(({ inputs }) => inputs.map((input) => sourceOf(sourceOf(input, 'Mul'), 'Sub')))
  const [branches, ...more] = differences.filter((values) => values.every((value) => sourceOf(value, 'ReduceMean') !== undefined))
  expect(more).toEqual([])
  return branches as Value[]
}

describe('distillation', { timeout: 120_000 }, () => {
  // A missing or a doubled pad is no such defect to networks as small as these: their normalisation tells the student how much pad there is altogether.
  it.each([['of the defaults\' channels', {}], ['of fewer', { components: 16, bottleneck: 4 }]])('%s sees by its auto-encoder what the student does not', async (_name, channels) => {
    const images = Array.from({ length: 40 }, (_, index): GoodImage => ({ name: `part ${index}`, group: null, calibration: false, read: () => Promise.resolve(part(index + 1, diagonals[index % 2]!)) }))
    const { bytes } = await distillation.fit(images, { ...channels, scale: 'fine', size: edge, batch: 4, steps: 200, learningRate: 0.01, mapSigma: 1 }, context)
    const graph = decodeModel(bytes)
    const branches = branchesOf(graph)
    const session = await openSession(encodeModel({ ...graph, outputs: [...graph.outputs, ...branches.map((name) => ({ name, type: 'float32' as const, shape: null }))] }))
    const answers = async (first: number, layouts: readonly number[][]): Promise<number[][]> => {
      const rows: number[][] = []
      for (let index = 0; index < 20; index++) {
        const { data } = part(first + index, layouts[index % layouts.length]!)
        const results = await session.run({ image: { type: 'uint8', dims: [1, edge, edge, 1], data } })
        rows.push(['score', ...branches].map((name) => (results[name]!.data as Float32Array).toSorted().slice(-highest).reduce((sum, value) => sum + value)))
      }
      return rows
    }
    const [good, bad] = [await answers(1000, diagonals), await answers(2000, sides)]
    await session.close()
    const [score, student, autoencoder] = [0, 1, 2].map((column) => auroc(good.map((row) => row[column]!), bad.map((row) => row[column]!)))
    expect(score).toBeGreaterThan(0.95)
    expect(autoencoder).toBeGreaterThan(0.95)
    expect(student).toBeLessThan(0.85)
  })
})
