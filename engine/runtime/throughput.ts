/** How fast a bundle runs: measured on frames of its own geometry, in threads of its own. */
import type { SharedPicture, ThreadModel } from './inference-protocol.ts'
import { InferenceThread } from './inference-thread.ts'
import { FIRST_RUN_MS } from './run-limit.ts'

export interface Throughput {
  imagesPerSecond: number
  goldenDifference: number
}

/**
 * Images per second of `workers` threads that each score one picture after the other for about `milliseconds`.
 * @throws as `InferenceThread.start`
 */
export async function measureThroughput (model: ThreadModel, workers: number, milliseconds: number): Promise<Throughput> {
  const { width, height, channels } = model.metadata.input
  const picture: SharedPicture = { memory: new SharedArrayBuffer(width * height * channels), width, height, channels }
  const started = await Promise.allSettled(Array.from({ length: workers }, async (_, index) => InferenceThread.start(model, index === 0 ? { sample: picture } : {})))
  const threads = started.flatMap((result) => result.status === 'fulfilled' ? [result.value] : [])
  try {
    for (const result of started) if (result.status === 'rejected') throw result.reason
    await Promise.all(threads.map(async (thread) => thread.score([picture], FIRST_RUN_MS)))
    const start = performance.now()
    const counts = await Promise.all(threads.map(async (thread) => {
      let count = 0
      do {
        await thread.score([picture], FIRST_RUN_MS)
        count++
      } while (performance.now() - start < milliseconds)
      return count / (performance.now() - start) * 1000
    }))
    return {
      imagesPerSecond: counts.reduce((sum, rate) => sum + rate, 0),
      goldenDifference: Math.max(...threads.map((thread) => thread.goldenDifference))
    }
  } finally {
    await Promise.all(threads.map(async (thread) => thread.end()))
  }
}
