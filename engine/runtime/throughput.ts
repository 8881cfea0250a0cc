/** How fast a bundle runs: measured on frames of its own geometry, in threads of its own. */
import { cpuUsage } from 'node:process'
import type { SharedPicture, ThreadModel } from './inference-protocol.ts'
import { InferenceThread } from './inference-thread.ts'
import { FIRST_RUN_MS } from './run-limit.ts'

export interface Throughput {
  imagesPerSecond: number
  goldenDifference: number
  /** Processor time that this process had while it was timed, as a share of what so many threads could have had; below 1 when others had a part. */
  processorShare: number
}

/** Microseconds of processor time that this process has had. */
export type ProcessorTime = () => number

export const ownProcessorTime: ProcessorTime = () => {
  const { user, system } = cpuUsage()
  return user + system
}

/**
 * Images per second of `workers` threads that each score one picture after the other for about `milliseconds`.
 * @throws as `InferenceThread.start`
 */
export async function measureThroughput (model: ThreadModel, workers: number, milliseconds: number, processorTime: ProcessorTime = ownProcessorTime): Promise<Throughput> {
  const { width, height, channels } = model.metadata.input
  const picture: SharedPicture = { memory: new SharedArrayBuffer(width * height * channels), width, height, channels }
  const started = await Promise.allSettled(Array.from({ length: workers }, async (_, index) => InferenceThread.start(model, index === 0 ? { sample: picture } : {})))
  const threads = started.flatMap((result) => result.status === 'fulfilled' ? [result.value] : [])
  try {
    for (const result of started) if (result.status === 'rejected') throw result.reason
    await Promise.all(threads.map(async (thread) => thread.score([picture], FIRST_RUN_MS)))
    const [start, used] = [performance.now(), processorTime()]
    const counts = await Promise.all(threads.map(async (thread) => {
      let count = 0
      do {
        await thread.score([picture], FIRST_RUN_MS)
        count++
      } while (performance.now() - start < milliseconds)
      return count / (performance.now() - start) * 1000
    }))
    const available = 1000 * (performance.now() - start) * workers * model.threads
    return {
      processorShare: (processorTime() - used) / available,
      imagesPerSecond: counts.reduce((sum, rate) => sum + rate, 0),
      goldenDifference: Math.max(...threads.map((thread) => thread.goldenDifference))
    }
  } finally {
    await Promise.all(threads.map(async (thread) => thread.end()))
  }
}
