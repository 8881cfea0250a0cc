import { expect, it } from 'vitest'
import { efficientNetLite0 } from '../../engine/backbones/backbone.ts'
import { writeBundle } from '../../engine/bundle/bundle.ts'
import { goldenTolerance, makeGoldenVectors } from '../../engine/bundle/golden.ts'
import { buildScoringGraph } from '../../engine/detectors/patch-memory/scoring-graph.ts'
import { featureGeometry } from '../../engine/detectors/backbone-features/feature-graph.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import { normal, seededRandom } from '../../engine/random.ts'
import { loadModel } from '../../engine/runtime/inference-runtime.ts'
import { modelRunner } from '../../engine/runtime/model-runner.ts'
import { openSession } from '../../engine/runtime/onnx-runtime.ts'
import { description, flatFrame, input } from './brightness-bundle.ts'

const reloads = 10
/** A bundle of this test and its session take more than this: one that were kept each time would show tenfold. */
const allowedMiB = 60

it(`keeps memory flat over ${reloads} reloads of a real bundle`, { timeout: 240_000 }, async () => {
  const random = seededRandom(2)
  const base = { backbone: efficientNetLite0, layers: 'standard', size: 64, normalisation: 'backbone' } as const
  const { channels } = featureGeometry(base)
  const [entries, width] = [20_000, 128]
  const graph = encodeModel(buildScoringGraph({
    ...base,
    projection: { mean: new Float32Array(channels), matrix: Float32Array.from({ length: channels * width }, () => normal(random) / Math.sqrt(channels)) },
    bank: Float32Array.from({ length: entries * width }, () => normal(random)),
    reweightNeighbours: 1,
    mapSigma: 4
  }))
  const session = await openSession(graph)
  const vectors = await makeGoldenVectors(modelRunner(session), input)
  await session.close()
  const bundle = writeBundle(graph, description({ golden: { vectors, relativeTolerance: goldenTolerance } }))

  const residentMiB: number[] = []
  for (let reload = 0; reload < reloads + 2; reload++) {
    const model = await loadModel(bundle, { device: 'cpu', workers: 2, threads: 1, cacheFolder: null })
    await model.score([flatFrame(10), flatFrame(20)])
    await model.close()
    globalThis.gc?.()
    residentMiB.push(process.memoryUsage().rss / 2 ** 20)
  }
  console.log(`Resident MiB after each reload of a bundle of ${(bundle.bytes.byteLength / 2 ** 20).toFixed(1)} MiB: ${residentMiB.map((size) => size.toFixed(0)).join(' ')}`)
  // The first two fill the allocator's pools.
  expect(Math.min(...residentMiB.slice(-3)) - residentMiB[1]!).toBeLessThan(allowedMiB)
})
