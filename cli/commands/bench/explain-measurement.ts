/** A line at full speed and at shares of it, with its rejects explained by the heatmap node's thread and process and without, in turns. */
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import { createDecision } from '../../../engine/decision/decision.ts'
import { Inspector, type Inspection } from '../../../engine/decision/inspector.ts'
import type { ExplanationMethod } from '../../../engine/explain/explainer.ts'
import { ExplanationProcess } from '../../../engine/explain/explanation-process.ts'
import { ExplanationThread } from '../../../engine/explain/explanation-thread.ts'
import { bootstrapEstimate, ratioEstimate, type Estimate } from '../../../engine/explain/metrics/bootstrap.ts'
import { GoodpartsError } from '../../../engine/errors.ts'
import type { PartExplanation } from '../../../engine/explain/part-explanation.ts'
import { Frame } from '../../../engine/frame/frame.ts'
import type { RawImage } from '../../../engine/frame/image-codec.ts'
import type { LoadedModel } from '../../../engine/runtime/loaded-model.ts'
import { processorShare } from '../../../engine/runtime/processor-share.ts'
import type { InspectionRecord } from '../../../schemas/inspection.ts'
import type { JudgedScore } from '../../../schemas/map-limits.ts'
import { withHole } from './line-pictures.ts'

export interface ExplainingOptions {
  methods: ExplanationMethod[]
  /** One part in so many is a reject. */
  every: number
  /** Shares of full speed, above 0; at 1 or more the next part comes as soon as the line can take it. */
  loads: readonly number[]
  rounds: number
  /** Of each round. */
  seconds: number
  /** Milliseconds of the processor for each explanation. */
  budget: number
  seed: number
  signal: AbortSignal
  /** Of the rounds of all loads. */
  progress: (done: number, total: number) => void
}

export interface Rates {
  perSecond: number
  /** From when the frame is due to its verdict, milliseconds. */
  median: number
  p99: number
}

/** From a verdict to its picture, milliseconds. */
export interface Pictures {
  painted: number
  /** For which the queue was full. */
  notPainted: number
  median: number
  p99: number
}

export interface ExplainingMeasurement {
  /** Parts per second that arrive; `null` = the next as soon as the line can take it. */
  arriving: number | null
  /** Of full speed. */
  share: number
  off: Rates
  on: Rates
  /** On over off, of all parts of all turns; low and high: 95 % over turns, which are drawn with their pairs. */
  throughputRatio: Estimate
  p99Ratio: Estimate
  /** Off in the same turns once more, over off: what such a measurement finds where there is nothing to find. */
  noise: { throughputRatio: Estimate, p99Ratio: Estimate }
  /** In the rounds with explanations: parts that are meant to be good and those of them that the model finds good, and so of rejects, which are explained whatever it finds. */
  verdicts: { good: Judged, reject: Judged }
  explained: number
  /** Of these, the ones whose time was up before a method had seen all that it would. */
  cutShort: number
  /** Rejects that found the queue full, as on a line that rejects faster than it explains. */
  queueFull: number
  /** Rejects that waited when their round ended. */
  unfinished: number
  /** Share of the time of the rounds with explanations in which verdicts took half of the cores or more, for which other methods wait. */
  busyShare: number
  /** Heatmaps of the detector's own map. */
  pictures: Pictures
}

interface Judged {
  meant: number
  found: number
}

/** As the heatmap node's. */
const capacity = 8
/** Of parts that wait for their verdict: when as many do, the next one that is due is late. */
const places = 1000
const looks = { opacity: 0.6, quality: 85 }
/** Before the first round: the thread's code is compiled by then. */
const firstPictures = 300
/** Of each round, before its latencies count: what came before it, another round or the start of a process, is over by then. */
const leadSeconds = 1

type Counts = Pick<ExplainingMeasurement, 'verdicts' | 'explained' | 'cutShort' | 'queueFull' | 'unfinished'> & Pick<Pictures, 'notPainted'>

/** At each load: a line that judges without a pause leaves other methods no time. Parts are the `good` pictures, rejects the same with a hole. @throws the signal's reason */
export async function * measureExplaining (model: LoadedModel, path: string, good: readonly RawImage[], options: ExplainingOptions): AsyncGenerator<ExplainingMeasurement> {
  const { width, height, channels } = model.metadata.input
  const framesOf = (pictures: readonly RawImage[]): Frame[] => pictures.map(({ data }, i) => Frame.fromPixels(data, { source: 'bench', sequence: i, width, height, channels }))
  const [parts, rejects] = [framesOf(good), framesOf(good.map((picture, i) => withHole(picture, options.seed + i)))]
  const rejectAt = (part: number): Frame => rejects[part / options.every % rejects.length] as Frame
  const decision = createDecision({ calibrationScores: model.metadata.calibration.scores })
  const inspector = new Inspector(() => ({ model, decision }), { line: 'bench', product: null, deadlineMs: Infinity, policy: 'every', capacity: places, batch: 1, hop: 'score/bench' })
  const explain = async (others: ExplanationProcess, frame: Frame): Promise<PartExplanation> => {
    const image = { data: frame.pixels(), width, height, channels }
    return others.explain({ bundle: { path, id: model.metadata.id }, image, methods: options.methods, budget: options.budget, seed: 0, judge: true, zones: [], ...looks })
  }

  /** Latencies of a round, in milliseconds, from when a part is due, not from when this thread has found time for it; `heard` is told of every part what it was meant to be. */
  const round = async (arriving: number | null, heard: (meant: 'good' | 'reject', frame: Frame, inspection: Inspection) => void): Promise<number[]> => {
    const begun = performance.now()
    const inFlight = new Set<Promise<void>>()
    const latencies: number[] = []
    const counted = begun + 1000 * leadSeconds
    const withoutVerdict: string[] = []
    for (let part = 0; performance.now() < counted + 1000 * options.seconds && !options.signal.aborted; part++) {
      const due = arriving === null ? null : begun + 1000 * part / arriving
      if (due !== null) await until(due)
      if (inFlight.size > (due === null ? model.choice.workers : places - 1)) await Promise.race(inFlight)
      const isReject = part % options.every === 0
      const frame = isReject ? rejectAt(part) : parts[part % parts.length] as Frame
      const arrived = due ?? performance.now()
      const judged = inspector.inspect(frame, { partId: null }).then((inspection) => {
        if (arrived >= counted) latencies.push(performance.now() - arrived)
        inFlight.delete(judged)
        if (inspection.record.verdict === 'not-inspected') withoutVerdict.push(inspection.record.reason.text)
        heard(isReject ? 'reject' : 'good', frame, inspection)
      })
      inFlight.add(judged)
    }
    await Promise.all(inFlight)
    options.signal.throwIfAborted()
    if (withoutVerdict[0] !== undefined) throw new GoodpartsError('GOODPARTS_INFERENCE_FAILED', `Expected a verdict on every part, got ${withoutVerdict.length} without, the first: ${withoutVerdict[0]}`)
    if (latencies.length === 0) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected a part in each round, got none in ${options.seconds} s`, { fix: 'Give --seconds more' })
    return latencies
  }

  // Of all rounds, as on a line, where it lives for weeks: a new one compiles its code anew.
  const thread = new ExplanationThread('heatmap/bench', capacity)
  const paint = async (): Promise<void> => {
    const { anomalyMap, record } = await inspector.inspect(rejectAt(0), { partId: null })
    if (anomalyMap !== undefined) for (let painted = 0; painted < firstPictures; painted++) await thread.explain(rejectAt(0), anomalyMap, { ...looks, judged: judgedOf(record) })
  }

  /** The process has opened its bundle before the round begins; it is another one in each, as it would work on while it is "off". */
  const explainedRound = async (arriving: number | null, counts: Counts, paintedIn: number[], busy: BusyTime): Promise<number[]> => {
    const others = new ExplanationProcess('heatmap/bench/methods', capacity)
    const failures: Error[] = []
    let isOver = false
    const failed = (whenFull: 'queueFull' | 'notPainted') => (error: unknown): void => {
      if (error instanceof GoodpartsError && error.code === 'GOODPARTS_QUEUE_FULL') counts[whenFull]++
      else if (isOver) counts[whenFull === 'queueFull' ? 'unfinished' : whenFull]++
      else failures.push(error instanceof Error ? error : new Error(String(error)))
    }
    const painting = new Set<Promise<void>>()
    const heard = (meant: 'good' | 'reject', frame: Frame, { anomalyMap, record }: Inspection): void => {
      counts.verdicts[meant].meant++
      if (record.verdict === meant) counts.verdicts[meant].found++
      if (meant === 'good') return
      const judgedAt = performance.now()
      if (anomalyMap !== undefined) painting.add(thread.explain(frame, anomalyMap, { ...looks, judged: judgedOf(record) }).then(() => { paintedIn.push(performance.now() - judgedAt) }, failed('notPainted')))
      if (others.turnAway()) {
        counts.queueFull++
        return
      }
      explain(others, frame).then(({ explanations, without }) => {
        counts.explained++
        if (without.length > 0 || explanations.some(({ skipped }) => skipped !== null)) counts.cutShort++
      }, failed('queueFull'))
    }
    let stop = (): void => { /* not begun */ }
    let latencies: number[]
    try {
      const { explanations, without } = await explain(others, rejectAt(0))
      if (explanations.length === 0) throw new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', `Expected methods that explain this bundle, got ${without.map(({ method, reason }) => `${method}: ${reason}`).join('; ')}`)
      stop = busy.start()
      latencies = await round(arriving, heard)
    } finally {
      stop()
      await Promise.all(painting)
      isOver = true
      await others.close()
    }
    if (failures[0] !== undefined) throw failures[0]
    return latencies
  }

  const rounds = 3 * options.loads.length * options.rounds
  let roundsDone = 0
  const inTurns = async (share: number, arriving: number | null): Promise<ExplainingMeasurement> => {
    const counts: Counts = { verdicts: { good: { meant: 0, found: 0 }, reject: { meant: 0, found: 0 } }, explained: 0, cutShort: 0, queueFull: 0, unfinished: 0, notPainted: 0 }
    const paintedIn: number[] = []
    const busy = new BusyTime()
    const [off, on, again]: [number[][], number[][], number[][]] = [[], [], []]
    for (let turn = 0; turn < options.rounds; turn++) {
      // Whichever comes first in one turn comes last in the next.
      const order = [off, on, again]
      for (const turns of turn % 2 === 0 ? order : order.toReversed()) {
        options.progress(roundsDone++, rounds)
        turns.push(turns === on ? await explainedRound(arriving, counts, paintedIn, busy) : await round(arriving, () => { /* nobody explains */ }))
      }
    }
    const ratios = (turns: number[][]): Pick<ExplainingMeasurement, 'throughputRatio' | 'p99Ratio'> => {
      const [judged, judgedOff] = [turns, off].map((turns) => turns.map(({ length }) => length)) as [number[], number[]]
      const [p99, p99Off] = [pooledQuantile(turns, 0.99), pooledQuantile(off, 0.99)]
      const over = { seed: options.seed }
      return { throughputRatio: ratioEstimate(judged, judgedOff, over) as Estimate, p99Ratio: bootstrapEstimate(off.length, (drawn) => p99(drawn) / p99Off(drawn), over) as Estimate }
    }
    const [without, having] = [off, on].map((turns) => rates(turns.flat(), options.rounds * options.seconds)) as [Rates, Rates]
    const { notPainted, ...explanations } = counts
    const { median, p99 } = quantiles(paintedIn)
    return { arriving, share, off: without, on: having, ...ratios(on), noise: ratios(again), ...explanations, busyShare: busy.share, pictures: { painted: paintedIn.length, notPainted, median, p99 } }
  }

  try {
    await paint()
    const warmUp = await round(null, () => { /* nobody explains */ })
    let fullSpeed = warmUp.length / options.seconds
    for (const share of options.loads) {
      const measured = await inTurns(share, share >= 1 ? null : share * fullSpeed)
      if (measured.arriving === null) fullSpeed = measured.off.perSecond
      yield measured
    }
  } finally {
    inspector.close()
    await thread.close()
  }
}

/** A timer takes a millisecond at least, and a fast line has several parts in one: what is due already does not wait for one. */
export async function until (due: number): Promise<void> {
  const early = due - performance.now()
  await (early > 0 ? delay(early) : nextTurn())
}

function judgedOf ({ score, limits }: InspectionRecord): JudgedScore | null {
  return score === null || limits === null ? null : { score, limits }
}

/** How much of some stretches of time verdicts took half of the cores or more. */
class BusyTime {
  #all = 0
  #busy = 0

  /** @returns What ends the stretch. */
  start (): () => void {
    const begun = performance.now()
    let since: number | null = null
    const add = (isBusy: boolean): void => {
      const now = performance.now()
      if (since !== null) this.#busy += now - since
      since = isBusy ? now : null
    }
    const unwatch = processorShare.watch(add)
    return () => {
      unwatch()
      add(false)
      this.#all += performance.now() - begun
    }
  }

  get share (): number {
    return this.#all === 0 ? 0 : this.#busy / this.#all
  }
}

function rates (latencies: readonly number[], seconds: number): Rates {
  return { perSecond: latencies.length / seconds, ...quantiles(latencies) }
}

/** @returns The quantile at `share` of all latencies of some of the `turns`, which are named by their indices, each as often as it was drawn. */
export function pooledQuantile (turns: ReadonlyArray<readonly number[]>, share: number): (drawn: readonly number[]) => number {
  const latencies = turns.flatMap((latencies, turn) => latencies.map((latency) => ({ latency, turn }))).sort((a, b) => b.latency - a.latency)
  return (drawn) => {
    const times = turns.map((_, turn) => drawn.filter((one) => one === turn).length)
    const count = turns.reduce((count, { length }, turn) => count + length * (times[turn] as number), 0)
    let above = count - Math.floor(share * count)
    return latencies.find(({ turn }) => (above -= times[turn] as number) <= 0)?.latency ?? NaN
  }
}

function quantiles (latencies: readonly number[]): { median: number, p99: number } {
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
  return { median: at(0.5), p99: at(0.99) }
}
