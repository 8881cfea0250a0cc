/** A bundle small enough for tests: its score is the mean brightness over 255, its map the brightness of every pixel in cells. */
import { makeGoldenVectors, goldenTolerance } from '../../engine/bundle/golden.ts'
import { writeBundle, type BundleDescription, type ModelBundle } from '../../engine/bundle/bundle.ts'
import { Frame } from '../../engine/frame/frame.ts'
import { GraphBuilder } from '../../engine/graph/builder.ts'
import { wireNumber } from '../../engine/graph/element-types.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import { modelRunner } from '../../engine/runtime/model-runner.ts'
import { openSession } from '../../engine/runtime/onnx-runtime.ts'

export const input = { width: 40, height: 24, channels: 3 } as const

export function brightnessGraph ({ factor = 1, work = 0 } = {}): Uint8Array {
  const builder = new GraphBuilder('brightness')
  const image = builder.input('image', 'uint8', ['N', 'H', 'W', 'C'])
  const numbers = builder.node('Mul', [builder.node('Cast', [image], { to: wireNumber('float32') }), builder.scalar(factor / 255)])
  const score = builder.node('ReduceMean', [numbers, builder.whole(1, 2, 3)], { keepdims: 0 })
  builder.output('score', addWork(builder, score, work), 'float32', ['N'])
  builder.output('map', builder.node('ReduceMean', [numbers, builder.whole(3)], { keepdims: 0 }), 'float32', ['N', 'H', 'W'])
  return encodeModel(builder.build())
}

/** Multiplies matrices that add nothing to the score: takes time. */
function addWork (builder: GraphBuilder, score: string, rounds: number): string {
  if (rounds === 0) return score
  const edge = 256
  let product = builder.node('Expand', [builder.node('ReduceMean', [score], { keepdims: 1 }), builder.whole(edge, edge)])
  for (let round = 0; round < rounds; round++) product = builder.node('Tanh', [builder.node('MatMul', [product, product])])
  return builder.node('Add', [score, builder.node('Mul', [builder.node('ReduceMean', [product], { keepdims: 0 }), builder.scalar(0)])])
}

export function description (over: Partial<BundleDescription> = {}): BundleDescription {
  return {
    name: 'brightness',
    family: 'test-brightness',
    createdAt: '2026-01-02T03:04:05.000Z',
    options: {},
    input,
    map: { width: input.width, height: input.height },
    calibration: { scores: [0.1, 0.2, 0.3, 0.4], heldOutBy: 'image' },
    classNames: [],
    training: { images: 4, groups: null, imageHashes: [], seed: 1, seconds: 0 },
    parent: null,
    golden: { vectors: [], relativeTolerance: goldenTolerance },
    trials: [],
    versions: {},
    ...over
  }
}

export async function brightnessBundle (options: { factor?: number, work?: number } = {}, over: Partial<BundleDescription> = {}): Promise<ModelBundle> {
  const graph = brightnessGraph(options)
  const session = await openSession(graph)
  const vectors = await makeGoldenVectors(modelRunner(session), input)
  await session.close()
  return writeBundle(graph, description({ golden: { vectors, relativeTolerance: goldenTolerance }, options: { work: options.work ?? 0 }, ...over }))
}

let sequence = 0

/** A frame of one grey level, 0 to 255. */
export function flatFrame (level: number, { width = input.width, height = input.height, channels = input.channels }: { width?: number, height?: number, channels?: 1 | 3 } = {}): Frame {
  return Frame.fromPixels(new Uint8Array(width * height * channels).fill(level), { source: 'test', sequence: sequence++, width, height, channels })
}
