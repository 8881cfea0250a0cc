/** How long the main thread's event loop is held up while a line runs. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { CapturedFrame } from '../../../engine/capture/frames.ts'
import { createDecision } from '../../../engine/decision/decision.ts'
import { Inspector } from '../../../engine/decision/inspector.ts'
import type { Verdict } from '../../../schemas/inspection.ts'
import type { LoadedModel } from '../../../engine/runtime/loaded-model.ts'

/** Milliseconds. */
export interface LoopDelay {
  median: number
  p99: number
  longest: number
}

export interface LineMeasurement {
  delay: LoopDelay
  seconds: number
  verdicts: Record<Verdict, number>
  /** From capture to verdict, milliseconds. */
  latency: { median: number, p99: number }
}

/** Samples of the histogram are a millisecond apart, and that millisecond is in them. */
const RESOLUTION_MS = 1

/** Event-loop delay while `work` runs. */
export async function loopDelayDuring (work: () => Promise<void>): Promise<LoopDelay> {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  await work()
  histogram.disable()
  return { median: histogram.percentile(50) / 1e6, p99: histogram.percentile(99) / 1e6, longest: histogram.max / 1e6 }
}

/**
 * Scores what the source gives, as fast as the model takes it, for so many seconds, and until `meanwhile`, begun with the measurement, has
 * ended. The first second is not measured.
 */
export async function measureLine (source: AsyncIterable<CapturedFrame>, model: LoadedModel, seconds: number, meanwhile: () => Promise<void> = async () => {}): Promise<LineMeasurement> {
  const decision = createDecision({ calibrationScores: model.metadata.calibration.scores })
  const inspector = new Inspector(() => ({ model, decision }), { line: 'bench', product: null, deadlineMs: 1000, policy: 'every', capacity: 1000, batch: 1, hop: 'score/bench' })
  const latencies: number[] = []
  const verdicts: Record<Verdict, number> = { good: 0, review: 0, reject: 0, 'not-inspected': 0 }
  const inFlight = new Set<Promise<void>>()
  const frames = source[Symbol.asyncIterator]()

  const take = async (until: () => boolean, count: boolean): Promise<void> => {
    while (!until()) {
      const next = await frames.next()
      if (next.done === true) return
      const { frame, partId } = next.value
      const judged = inspector.inspect(frame, { partId: partId ?? null }).then(({ record }) => {
        inFlight.delete(judged)
        if (!count) return
        verdicts[record.verdict]++
        latencies.push(Date.parse(record.times.scored) - Date.parse(record.times.captured))
      })
      inFlight.add(judged)
      // One more than the threads can hold: none of them ever waits for the main thread.
      if (inFlight.size > model.choice.workers) await Promise.race(inFlight)
    }
    await Promise.all(inFlight)
  }

  try {
    await take(after(1000), false)
    const start = performance.now()
    const delay = await loopDelayDuring(async () => {
      const [isOver, work] = [after(1000 * seconds), underWay(meanwhile())]
      await take(() => isOver() && work.isOver(), true)
      await work.end
    })
    latencies.sort((a, b) => a - b)
    const at = (share: number): number => latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? NaN
    return { delay, seconds: (performance.now() - start) / 1000, verdicts, latency: { median: at(0.5), p99: at(0.99) } }
  } finally {
    inspector.close()
    await frames.return?.()
  }
}

function after (milliseconds: number): () => boolean {
  const end = performance.now() + milliseconds
  return () => performance.now() >= end
}

function underWay (work: Promise<void>): { end: Promise<void>, isOver: () => boolean } {
  let over = false
  return { end: work.finally(() => { over = true }), isOver: () => over }
}
