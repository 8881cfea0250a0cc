/** `/metrics` for Prometheus: the ledgers of this process, and rates, verdicts and latency of each line. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import { allLedgers } from '../frame/ledger.ts'
import type { LiveHub } from './hub.ts'
import { latencyMs } from './line-board.ts'

type VerdictLabels = Record<'line' | 'verdict' | 'reason', string>

export class LiveMetrics {
  readonly registry = new Registry()
  readonly #delay = monitorEventLoopDelay({ resolution: 10 })
  readonly #verdicts: Counter<'line' | 'verdict' | 'reason'>
  readonly #latency: Histogram<'line'>
  /** What was counted of each line, to be dropped with it. */
  readonly #counted = new Map<string, Map<string, VerdictLabels>>()

  constructor (hub: LiveHub) {
    const registers = [this.registry]
    this.#verdicts = new Counter({ name: 'goodparts_verdicts_total', help: 'Parts judged', labelNames: ['line', 'verdict', 'reason'], registers })
    this.#latency = new Histogram({
      name: 'goodparts_verdict_latency_seconds',
      help: 'From capture to verdict',
      labelNames: ['line'],
      buckets: [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5],
      registers
    })
    this.#gauge('goodparts_live_viewers', 'Browsers connected to the live page', () => hub.viewers)
    this.#gauge('goodparts_live_verdicts_lost', 'Records that browsers now connected were too slow to take', () => hub.verdictsLost)
    this.#gauge('goodparts_event_loop_delay_p99_seconds', 'Delay of the event loop since the last scrape', () => this.#loopDelay())
    this.#lines(hub)
    this.#ledgers()
    this.#delay.enable()
  }

  /** Only for lines that the hub knows, whose number is bounded. */
  judged (line: string, record: InspectionRecord): void {
    const labels = { line, verdict: record.verdict, reason: record.reason.code }
    const counted = this.#counted.get(line) ?? new Map<string, VerdictLabels>()
    this.#counted.set(line, counted.set(`${labels.verdict}/${labels.reason}`, labels))
    this.#verdicts.inc(labels)
    this.#latency.observe({ line }, latencyMs(record) / 1000)
  }

  forget (line: string): void {
    for (const labels of this.#counted.get(line)?.values() ?? []) this.#verdicts.remove(labels)
    this.#counted.delete(line)
    this.#latency.remove({ line })
  }

  close (): void {
    this.#delay.disable()
    this.registry.clear()
  }

  #gauge (name: string, help: string, value: () => number): void {
    const gauge: Gauge = new Gauge({ name, help, registers: [this.registry], collect: () => { gauge.set(value()) } })
  }

  #lines (hub: LiveHub): void {
    const rate: Gauge<'line'> = new Gauge({
      name: 'goodparts_line_frames_per_second',
      help: 'Frames that the line delivers',
      labelNames: ['line'],
      registers: [this.registry],
      collect: () => {
        rate.reset()
        for (const { line, framesPerSecond } of hub.statistics()) rate.set({ line }, framesPerSecond)
      }
    })
    const frames: Counter<'line'> = new Counter({
      name: 'goodparts_line_frames_total',
      help: 'Frames and parts that reached the live server',
      labelNames: ['line'],
      registers: [this.registry],
      collect: () => {
        frames.reset()
        for (const [line, count] of hub.frames()) frames.inc({ line }, count)
      }
    })
  }

  /** `in = out + dropped + in flight` at every hop. Ledgers of one hop are added up. */
  #ledgers (): void {
    const registers = [this.registry]
    // The first to be asked fills the others, which are asked after it.
    const entered: Counter<'hop'> = new Counter({
      name: 'goodparts_hop_in_total',
      help: 'Items that entered a hop: in = out + dropped + in flight',
      labelNames: ['hop'],
      registers,
      collect: () => {
        for (const metric of [entered, out, dropped, inFlight]) metric.reset()
        for (const ledger of allLedgers()) {
          entered.inc({ hop: ledger.hop }, ledger.in)
          out.inc({ hop: ledger.hop }, ledger.out)
          inFlight.inc({ hop: ledger.hop }, ledger.inFlight)
          for (const [reason, count] of Object.entries(ledger.dropped)) dropped.inc({ hop: ledger.hop, reason }, count)
        }
      }
    })
    const dropped = new Counter({ name: 'goodparts_hop_dropped_total', help: 'Items given up at a hop, by reason', labelNames: ['hop', 'reason'], registers })
    const out = new Counter({ name: 'goodparts_hop_out_total', help: 'Items that left a hop', labelNames: ['hop'], registers })
    const inFlight = new Gauge({ name: 'goodparts_hop_in_flight', help: 'Items inside a hop', labelNames: ['hop'], registers })
  }

  #loopDelay (): number {
    const seconds = this.#delay.percentile(99) / 1e9
    this.#delay.reset()
    return Number.isFinite(seconds) ? seconds : 0
  }
}
