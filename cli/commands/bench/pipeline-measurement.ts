/** How many frames come through a capture process, and how late. */
import { setTimeout as sleep } from 'node:timers/promises'
import { compilePipeline } from '../../../engine/capture/compile.ts'
import { loadPipeline } from '../../../engine/capture/pipelines.ts'
import { CaptureSupervisor } from '../../../engine/capture/supervisor.ts'

export interface PipelineMeasurement {
  width: number
  height: number
  frames: number
  framesPerSecond: number
  megabytesPerSecond: number
  dropped: number
  /** From the picture's leaving GStreamer to the frame in this process, milliseconds. */
  latency: { median: number, p99: number }
}

/** The picture is drawn by GStreamer itself, as fast as it is taken: nothing waits for a camera. @throws what the source reports */
export async function measurePipeline ({ width, height, seconds }: { width: number, height: number, seconds: number }): Promise<PipelineMeasurement> {
  const launch = `videotestsrc pattern=ball ! video/x-raw,format=RGB,width=${width},height=${height}`
  const plan = compilePipeline(loadPipeline('custom'), { launch }, { width, height, policy: 'every', pace: 'free' })
  const capture = new CaptureSupervisor({ source: 'bench', plan, endOfStream: 'stop', restart: false })
  try {
    await new Promise<void>((resolve, reject) => {
      capture.once('frame', () => { resolve() })
      capture.on('event', ({ kind, text }) => { if (kind === 'error') reject(capture.error ?? new Error(text)) })
      capture.start()
    })
    const latencies: number[] = []
    const dropped = (): number => Object.values(capture.counters.dropped).reduce((sum, count) => sum + count, 0)
    const before = dropped()
    const begun = performance.now()
    capture.on('frame', ({ capturedAt }) => { latencies.push(Date.now() - Date.parse(capturedAt)) })
    await sleep(1000 * seconds)
    const elapsed = (performance.now() - begun) / 1000
    const frames = latencies.length
    latencies.sort((a, b) => a - b)
    const at = (share: number): number => latencies[Math.min(frames - 1, Math.floor(share * frames))] ?? NaN
    const framesPerSecond = frames / elapsed
    return { width, height, frames, framesPerSecond, megabytesPerSecond: framesPerSecond * width * height * 3 / 1e6, dropped: dropped() - before, latency: { median: at(0.5), p99: at(0.99) } }
  } finally {
    await capture.close()
  }
}
