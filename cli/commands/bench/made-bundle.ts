/** A bundle for measurements that are given none: a patch memory of synthetic pictures. Its cost is that of a real one; its limits are those of `texturedPictures` of its own size. */
import { writeBundle, type ModelBundle } from '../../../engine/bundle/bundle.ts'
import { goldenImage, goldenTolerance, makeGoldenVectors } from '../../../engine/bundle/golden.ts'
import { encodeModel } from '../../../engine/graph/encode.ts'
import { modelRunner } from '../../../engine/runtime/model-runner.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'
import { texturedPictures } from './line-pictures.ts'
import { sampleBundle } from './sample-bundle.ts'

/** Pictures, enough for a review limit at the usual rate. */
const CALIBRATION = 20

export interface MadeBundleOptions {
  layers: string
  /** Edge that pictures are resized to. */
  size: number
  /** Of the pictures that it is made for. */
  width: number
  height: number
  seed: number
}

export async function madeBundle ({ layers, size, width, height, seed }: MadeBundleOptions): Promise<ModelBundle> {
  const graph = encodeModel(await sampleBundle({ layers, size, entries: 2000, width: 64, seed }))
  const session = await openSession(graph)
  try {
    const run = modelRunner(session)
    const input = { width, height, channels: 3 } as const
    const vectors = await makeGoldenVectors(run, input)
    const { map, ...geometry } = await run(goldenImage(seed, width, height))
    const scores: number[] = []
    for (const picture of texturedPictures(CALIBRATION, size, seed + 1)) scores.push((await run(picture)).score)
    return writeBundle(graph, {
      name: 'bench',
      family: 'patch-memory',
      createdAt: new Date().toISOString(),
      options: { layers, size },
      input,
      map: { height: geometry.height, width: map.length / geometry.height },
      calibration: { scores, heldOutBy: 'image' },
      classNames: [],
      training: { images: 0, groups: null, imageHashes: [], seed, seconds: 0 },
      parent: null,
      golden: { vectors, relativeTolerance: goldenTolerance },
      trials: [],
      versions: {}
    })
  } finally {
    await session.close()
  }
}
