/** A line at full speed, with its rejects explained as the heatmap node does it and without, in turns. */
import { createDecision } from '../../../engine/decision/decision.ts'
import { Inspector } from '../../../engine/decision/inspector.ts'
import type { ExplanationMethod } from '../../../engine/explain/explainer.ts'
import { ExplanationProcess } from '../../../engine/explain/explanation-process.ts'
import { Frame } from '../../../engine/frame/frame.ts'
import { goldenImage } from '../../../engine/bundle/golden.ts'
import type { LoadedModel } from '../../../engine/runtime/loaded-model.ts'

export interface ExplainingOptions {
  methods: ExplanationMethod[]
  /** One part in so many is a reject. */
  every: number
  rounds: number
  /** Of each round. */
  seconds: number
  /** Milliseconds of each explanation. */
  budget: number
  seed: number
}

export interface Rates {
  perSecond: number
  /** From the frame's arrival to its verdict, milliseconds. */
  median: number
  p99: number
}

export interface ExplainingMeasurement {
  off: Rates
  on: Rates
  /** On over off. */
  throughputRatio: number
  p99Ratio: number
  explained: number
  /** Rejects that found the queue full, as on a line that rejects faster than it explains, or that waited when their round ended. */
  notExplained: number
}

/** As the heatmap node's. */
const capacity = 8
const frameCount = 16

export async function measureExplaining (model: LoadedModel, path: string, options: ExplainingOptions): Promise<ExplainingMeasurement> {
  const { width, height, channels } = model.metadata.input
  const frames = Array.from({ length: frameCount }, (_, i) => Frame.fromPixels(goldenImage(options.seed + i, width, height, channels).data, { source: 'bench', sequence: i, width, height, channels }))
  const decision = createDecision({ calibrationScores: model.metadata.calibration.scores })
  const inspector = new Inspector(() => ({ model, decision }), { line: 'bench', product: null, deadlineMs: Infinity, policy: 'every', capacity: 1000, batch: 1, hop: 'score/bench' })
  const counts = { explained: 0, notExplained: 0 }
  const explain = (others: ExplanationProcess, frame: Frame): void => {
    const image = { data: frame.pixels(), width, height, channels }
    const request = { bundle: { path, id: model.metadata.id }, image, methods: options.methods, budget: options.budget, seed: 0, judge: false, zones: [], opacity: 0.6, quality: 85 }
    others.explain(request).then(() => { counts.explained++ }, () => { counts.notExplained++ })
  }

  /** Latencies of a round, in milliseconds. */
  const round = async (others: ExplanationProcess | null): Promise<number[]> => {
    const end = performance.now() + 1000 * options.seconds
    const inFlight = new Set<Promise<void>>()
    const latencies: number[] = []
    for (let part = 0; performance.now() < end; part++) {
      const frame = frames[part % frames.length] as Frame
      const arrived = performance.now()
      const judged = inspector.inspect(frame, { partId: null }).then(() => {
        latencies.push(performance.now() - arrived)
        inFlight.delete(judged)
        if (others !== null && part % options.every === 0) explain(others, frame)
      })
      inFlight.add(judged)
      if (inFlight.size > model.choice.workers) await Promise.race(inFlight)
    }
    await Promise.all(inFlight)
    return latencies
  }

  try {
    await round(null)
    const [off, on]: [number[], number[]] = [[], []]
    for (let turn = 0; turn < options.rounds; turn++) {
      // Whichever comes first in one turn comes second in the next. A process for each round, so that none works on while it is "off"; opening the bundle is in the round.
      for (const explaining of turn % 2 === 0 ? [false, true] : [true, false]) {
        const others = explaining ? new ExplanationProcess('heatmap/bench', capacity) : null
        const latencies = await round(others)
        await others?.close()
        for (const latency of latencies) (explaining ? on : off).push(latency)
      }
    }
    const [without, having] = [rates(off, options), rates(on, options)]
    return { off: without, on: having, throughputRatio: having.perSecond / without.perSecond, p99Ratio: having.p99 / without.p99, ...counts }
  } finally {
    inspector.close()
  }
}

function rates (latencies: number[], { rounds, seconds }: ExplainingOptions): Rates {
  const sorted = latencies.sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
  return { perSecond: sorted.length / (rounds * seconds), median: at(0.5), p99: at(0.99) }
}
