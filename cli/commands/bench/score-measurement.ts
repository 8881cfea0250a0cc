/** Times a bundle beside its own bare backbone, in turns, in one run. */
import { encodeModel } from '../../../engine/graph/encode.ts'
import type { Graph } from '../../../engine/graph/graph.ts'
import type { Device } from '../../../engine/runtime/loaded-model.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'
import type { Tensor } from '../../../engine/runtime/onnx-runtime.ts'
import { bundleParts } from './bundle-parts.ts'

export interface Timing {
  imagesPerSecond: number
  /** Milliseconds of one run, which scores a whole batch. */
  p50: number
  p95: number
  p99: number
}

export interface ScoreMeasurement {
  runs: number
  bundle: Timing
  backbone: Timing
  /** Median of the bundle over median of the backbone. */
  ratio: number
}

export async function measureScore (graph: Graph, image: Tensor, options: { device: Device, threads: number, seconds: number }): Promise<ScoreMeasurement> {
  const batch = image.dims[0] as number
  const { before, backbone, input } = bundleParts(graph)
  const prepared = await openSession(encodeModel(before))
  const feeds = await prepared.run({ image })
  await prepared.close()
  const sessions = [await openSession(encodeModel(graph), options), await openSession(encodeModel(backbone), options)] as const
  const runBundle = (): Promise<unknown> => sessions[0].run({ image })
  const runBackbone = (): Promise<unknown> => sessions[1].run({ [input]: feeds[input] as Tensor })
  for (let warm = 0; warm < 3; warm++) { await runBundle(); await runBackbone() }
  const times: [number[], number[]] = [[], []]
  const end = performance.now() + options.seconds * 1000
  while (performance.now() < end || times[0].length < 10) {
    times[0].push(await milliseconds(runBundle))
    times[1].push(await milliseconds(runBackbone))
  }
  for (const session of sessions) await session.close()
  const [bundle, bare] = times.map((list) => timing(list, batch)) as [Timing, Timing]
  return { runs: times[0].length, bundle, backbone: bare, ratio: bundle.p50 / bare.p50 }
}

export function timing (times: readonly number[], batch: number): Timing {
  const sorted = [...times].sort((a, b) => a - b)
  const quantile = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] as number
  const mean = sorted.reduce((sum, time) => sum + time, 0) / sorted.length
  return { imagesPerSecond: 1000 * batch / mean, p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) }
}

async function milliseconds (run: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await run()
  return performance.now() - start
}
