/**
 * Keeps one source running: starts its capture process, watches it, restarts it, ends it. Emits `frame` and `event`.
 *
 *     stopped ──start──▶ starting ──first frame──▶ running ──end of stream──▶ starting (loop) | held | stopped
 *        ▲                  ▲   └──error, stall──▶ waiting ──backoff──▶ starting
 *        └──────stop────────┴──────────────────────────┘   └──error that no retry mends──▶ failed
 */
import { EventEmitter } from 'node:events'
import { access } from 'node:fs/promises'
import type { CaptureCounters, CaptureEvent } from '../../schemas/capture-event.ts'
import { asGoodpartsError, GoodpartsError } from '../errors.ts'
import { Frame } from '../frame/frame.ts'
import { frameMemory } from '../frame/frame-memory.ts'
import type { LedgerSnapshot } from '../frame/ledger.ts'
import type { Random } from '../random.ts'
import { checkPropertyChange } from './allowed-properties.ts'
import { backoff } from './backoff.ts'
import { systemClock, type Clock } from '../clock.ts'
import { FlowCount } from './flow-count.ts'
import type { WireFrame } from './framing.ts'
import { FrameRate } from './frame-rate.ts'
import { captureError } from './gstreamer-errors.ts'
import { HostProcess, type HostOptions } from './host-process.ts'
import { MOST_ASKED, type CapturePlan, type FromHost, type PropertyValue } from './host-protocol.ts'
import { RateLimitedReporter } from '../rate-limited-reporter.ts'
import { withoutPasswords } from './userinfo.ts'

export type CaptureState = 'stopped' | 'starting' | 'running' | 'waiting' | 'held' | 'failed'

export interface FrameNotes {
  /** Where the source knows it, for example the picture's file name. */
  partId?: string
}

export interface SupervisorOptions {
  /** Name of the source, for example `line-1/camera`. */
  source: string
  plan: CapturePlan
  endOfStream: 'stop' | 'loop' | 'hold'
  /** Restart after this many seconds without a frame. Default 5; the first frame may take twice as long. */
  watchdogSeconds?: number
  /** `false`: the first error or stall is the last. Default `true`. */
  restart?: boolean
  /** Milliseconds before the first restart, and at most. Default 500 and 30000. */
  backoff?: { first: number, longest: number }
  clock?: Clock
  random?: Random
  host?: Partial<HostOptions>
}

interface SupervisorEvents {
  frame: [frame: Frame, notes: FrameNotes]
  event: [event: CaptureEvent]
}

/** Frames before an error that count as a good run, after which waiting begins small again. */
const GOOD_RUN_MS = 10_000
const sequences = new Map<string, number>()

export class CaptureSupervisor extends EventEmitter<SupervisorEvents> {
  readonly #options: Required<Omit<SupervisorOptions, 'host'>> & { host: HostOptions }
  readonly #flow: FlowCount
  readonly #rate = new FrameRate()
  readonly #warnings: RateLimitedReporter<string>
  readonly #changes = new Map<string, PropertyValue>()
  #state: CaptureState = 'stopped'
  #host: HostProcess | undefined
  #leaving: Promise<void> = Promise.resolve()
  #cancelTimer: () => void = () => undefined
  #lastSign = 0
  #pulledBefore = 0
  #runningSince = 0
  #attempt = 0
  #endAfter: number | undefined
  readonly #asked: FrameNotes[] = []
  #last: { frame: Frame, notes: FrameNotes } | undefined
  #frames = 0
  #stalls = 0
  #restarts = 0
  #error: GoodpartsError | undefined

  constructor (options: SupervisorOptions) {
    super()
    this.#options = {
      watchdogSeconds: 5,
      restart: true,
      backoff: { first: 500, longest: 30_000 },
      clock: systemClock,
      random: Math.random,
      ...options,
      host: { memory: frameMemory, ...options.host }
    }
    this.#flow = new FlowCount(options.source, options.plan.triggered ? 'not-asked-for' : 'newer-frame')
    this.#warnings = new RateLimitedReporter((latest, count) => {
      this.#tell('warning', count === 1 ? latest : `${count} warnings, the last: ${latest}`, 'GOODPARTS_CAPTURE_FAILED')
    }, this.#options.clock)
  }

  get state (): CaptureState {
    return this.#state
  }

  /** Why it is `failed`, or what it last recovered from. */
  get error (): GoodpartsError | undefined {
    return this.#error
  }

  get counters (): CaptureCounters {
    return {
      frames: this.#frames, framesPerSecond: this.#rate.at(this.#options.clock.now()), stalls: this.#stalls, restarts: this.#restarts, dropped: this.#flow.snapshot().dropped
    }
  }

  get ledger (): LedgerSnapshot {
    return this.#flow.snapshot()
  }

  /** Process id of the capture process, while there is one. */
  get pid (): number | undefined {
    return this.#host?.pid
  }

  start (): void {
    if (this.#state === 'starting' || this.#state === 'running' || this.#state === 'waiting') return
    this.#attempt = 0
    this.#error = undefined
    this.#launch()
  }

  /** Resolves when no process of it is left. */
  async stop (): Promise<void> {
    const was = this.#state
    this.#state = 'stopped'
    this.#changes.clear()
    this.#dismiss()
    await this.#leaving
    if (was !== 'stopped') this.#tell('stopped', 'Stopped')
  }

  async restart (): Promise<void> {
    await this.stop()
    this.start()
  }

  /** Stops, and takes its counters out of the process's ledgers. */
  async close (): Promise<void> {
    await this.stop()
    this.#warnings.close()
    this.#flow.close()
  }

  /**
   * One picture: from a triggered source the newest not sent yet, or else the next; from a held one the last again. `notes`, for example the
   * part's id from a PLC, come with that picture.
   * @throws GOODPARTS_QUEUE_FULL when too many wait for a picture; GOODPARTS_ARGUMENT when there is nothing to trigger
   */
  trigger (notes: FrameNotes = {}): void {
    if (this.#state === 'held' && this.#last !== undefined) {
      const { frame: { width, height, channels, memory }, notes: before } = this.#last
      this.#emitFrame(new Frame({ source: this.#options.source, sequence: this.#nextSequence(), width, height, channels, memory }), { ...before, ...notes })
      return
    }
    if (this.#host === undefined || !this.#options.plan.triggered) {
      throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected a source that runs and waits for triggers, got one that ${this.#host === undefined ? `is ${this.#state}` : 'sends every picture'}`)
    }
    if (this.#asked.length >= MOST_ASKED) throw new GoodpartsError('GOODPARTS_QUEUE_FULL', `Expected at most ${MOST_ASKED} triggers to wait for a picture, got another`)
    this.#asked.push(notes)
    this.#host.send({ kind: 'trigger' })
  }

  /**
   * Sets a property of a named element while it runs, and again after a restart. What goes wrong is a `warning` event.
   * @throws GOODPARTS_FORBIDDEN for the elements that are added to every pipeline, and for properties that say what is read or written; GOODPARTS_ARGUMENT when it neither runs nor is about to
   */
  setProperty (element: string, property: string, value: string | number | boolean): void {
    checkPropertyChange({ element, property })
    const change = { element, property, value }
    if (this.#host !== undefined) this.#host.send({ kind: 'set', change })
    else if (this.#state === 'waiting' || this.#state === 'starting') this.#changes.set(`${element}.${property}`, change)
    else throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected a source that runs, got one that is ${this.#state}`, { fix: 'Start it first' })
  }

  /** Reads no further frames: the process waits or drops, by its policy. */
  pause (): void {
    this.#host?.pause()
  }

  resume (): void {
    this.#lastSign = this.#options.clock.now()
    this.#host?.resume()
  }

  #launch (): void {
    this.#state = 'starting'
    this.#tell('starting', 'Starting')
    this.#leaving.then(() => {
      if (this.#state !== 'starting' || this.#host !== undefined) return
      this.#lastSign = this.#options.clock.now()
      this.#pulledBefore = 0
      this.#endAfter = undefined
      const plan = { ...this.#options.plan, properties: [...this.#options.plan.properties, ...this.#changes.values()] }
      // A process that was dismissed may still speak: only the present one is heard.
      const present = (): boolean => this.#host === host
      const host: HostProcess = new HostProcess(plan, {
        onFrame: (wire, memory) => { if (present()) this.#onFrame(wire, memory) },
        onMessage: (message) => { if (present()) this.#onMessage(message) },
        onBroken: (error) => { if (present()) this.#onError(error) },
        onExit: ({ code, signal, words }) => {
          if (!present()) return
          const how = signal ?? `exit code ${String(code)}`
          this.#onError(new GoodpartsError('GOODPARTS_CAPTURE_FAILED', `Expected the capture process to run, got ${how}${words === '' ? '' : `: ${withoutPasswords(words)}`}`))
        }
      }, this.#options.host)
      this.#host = host
      this.#watch()
    }, () => undefined)
  }

  #onFrame (wire: WireFrame, memory: SharedArrayBuffer): void {
    const now = this.#options.clock.now()
    this.#lastSign = now
    this.#flow.progress(wire.pulled, wire.dropped)
    this.#flow.receive()
    this.#rate.add(now)
    if (this.#state === 'starting') this.#becomeRunning(wire)
    const { width, height, channels } = wire
    const frame = new Frame({ source: this.#options.source, sequence: this.#nextSequence(), capturedAt: new Date(wire.capturedAt), width, height, channels, memory })
    this.#emitFrame(frame, { ...wire.partId === '' ? {} : { partId: wire.partId }, ...this.#asked.shift() })
    if (this.#endAfter !== undefined && this.#flow.received >= this.#endAfter) this.#end()
  }

  #emitFrame (frame: Frame, notes: FrameNotes): void {
    this.#frames++
    if (this.#options.endOfStream === 'hold') this.#last = { frame, notes }
    this.emit('frame', frame, notes)
  }

  #becomeRunning (wire: { width: number, height: number } | undefined): void {
    this.#state = 'running'
    this.#runningSince = this.#options.clock.now()
    this.#tell('running', wire === undefined ? 'Running, waits for a trigger' : `Running, ${wire.width}x${wire.height}`)
  }

  #onMessage (message: FromHost): void {
    switch (message.kind) {
      case 'playing':
        if (this.#options.plan.triggered && this.#state === 'starting') this.#becomeRunning(undefined)
        break
      case 'alive':
        if (message.waiting || message.pulled > this.#pulledBefore) this.#lastSign = this.#options.clock.now()
        this.#pulledBefore = message.pulled
        this.#flow.progress(message.pulled, message.dropped)
        break
      case 'end-of-stream':
        this.#endAfter = message.sent
        if (this.#flow.received >= message.sent) this.#end()
        break
      case 'rewound': if (!message.done) this.#dismissThen(() => { this.#launch() }); break
      case 'changed': this.#changes.set(`${message.change.element}.${message.change.property}`, message.change); break
      case 'warning': this.#warnings.add(withoutPasswords(message.text)); break
      case 'error': this.#onError(captureError(message)); break
    }
  }

  #end (): void {
    this.#onEnd().catch((error: unknown) => { this.#onError(asGoodpartsError(error, 'GOODPARTS_CAPTURE_FAILED')) })
  }

  async #onEnd (): Promise<void> {
    const frames = this.#endAfter
    this.#endAfter = undefined
    if (frames === 0) {
      this.#onError(new GoodpartsError('GOODPARTS_CAPTURE_FAILED', 'Expected the source to give at least one picture, got its end'))
    } else if (this.#options.endOfStream === 'loop' && this.#options.plan.live) {
      this.#onError(new GoodpartsError('GOODPARTS_CAPTURE_FAILED', 'Expected the camera to go on, got the end of its stream'))
    } else if (this.#options.endOfStream === 'loop') {
      const host = this.#host
      const missing = await firstMissing(this.#options.plan.paths)
      if (this.#host !== host) return
      if (missing !== undefined) {
        this.#onError(new GoodpartsError('GOODPARTS_CAPTURE_FAILED', `Expected ${missing} to exist still, got nothing there`, { fix: 'Put it back, or change the path' }))
        return
      }
      this.#tell('looped', 'From the beginning again')
      this.#lastSign = this.#options.clock.now()
      this.#host?.send({ kind: 'rewind' })
    } else {
      this.#state = this.#options.endOfStream === 'hold' ? 'held' : 'stopped'
      this.#dismiss()
      this.#tell('end-of-stream', 'End of the stream')
    }
  }

  #onError (error: GoodpartsError): void {
    this.#error = error
    const now = this.#options.clock.now()
    if (this.#state === 'running' && now - this.#runningSince >= GOOD_RUN_MS) this.#attempt = 0
    const again = this.#options.restart && error.retriable
    this.#state = again ? 'waiting' : 'failed'
    this.#dismiss()
    this.#tell('error', error.message, error.code, error.fix)
    // A listener may have stopped it meanwhile.
    if (this.#state as CaptureState !== 'waiting') return
    const wait = backoff(this.#attempt++, this.#options.random, this.#options.backoff)
    this.#tell('restarting', `Restarting in ${(wait / 1000).toFixed(1)} s`)
    this.#cancelTimer = this.#options.clock.after(wait, () => {
      this.#restarts++
      this.#launch()
    })
  }

  #watch (): void {
    const limit = this.#options.watchdogSeconds * 1000 * (this.#state === 'starting' ? 2 : 1)
    if (limit === 0) return
    const quiet = this.#options.clock.now() - this.#lastSign
    if (quiet < limit) {
      this.#cancelTimer = this.#options.clock.after(Math.min(limit - quiet, 250), () => { this.#watch() })
      return
    }
    this.#stalls++
    const text = `Expected a frame within ${limit / 1000} s, got none`
    this.#tell('stalled', text, 'GOODPARTS_CAPTURE_STALLED')
    this.#onError(new GoodpartsError('GOODPARTS_CAPTURE_STALLED', text, { fix: 'Check the camera and the way to it; raise the watchdog time for a slow source' }))
  }

  /** Ends the present process; nothing it still says is heard. */
  #dismiss (): void {
    this.#cancelTimer()
    const host = this.#host
    this.#host = undefined
    const unanswered = this.#asked.splice(0).length
    if (unanswered > 0) this.#warnings.add(`Expected a picture for every trigger, got none for ${unanswered}: the capture process ended first`)
    if (host === undefined) return
    this.#flow.processGone()
    this.#rate.clear()
    this.#leaving = host.stop()
  }

  #dismissThen (next: () => void): void {
    this.#dismiss()
    next()
  }

  #nextSequence (): number {
    const next = sequences.get(this.#options.source) ?? 0
    sequences.set(this.#options.source, next + 1)
    return next
  }

  #tell (kind: CaptureEvent['kind'], text: string, code: string | null = null, fix: string | null = null): void {
    const at = new Date(this.#options.clock.now()).toISOString()
    this.emit('event', { schema: 'goodparts.capture-event/1', source: this.#options.source, at, kind, text, code, fix, counters: this.counters })
  }
}

async function firstMissing (paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    try { await access(path) } catch { return path }
  }
  return undefined
}
