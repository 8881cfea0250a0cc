/** Learns from a line while it runs: keeps its next good frames as pictures, then fits in a process of its own. */
import { EventEmitter } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FitProgress } from '../../schemas/live.ts'
import type { GoodpartsError } from '../errors.ts'
import { asGoodpartsError } from '../errors.ts'
import type { Frame } from '../frame/frame.ts'
import { encodePng } from '../frame/image-codec.ts'
import { Ledger, type LedgerSnapshot } from '../frame/ledger.ts'
import { makeFolder } from '../make-folder.ts'
import type { FitProgress as DetectorProgress } from './detector.ts'
import { lossText } from '../training/loss-curve.ts'
import { fitInProcess, type FitOutcome, type FitRequest } from './fit-process.ts'

/** Bytes of frames that may wait for the disk; a frame beyond is left out, the next one will do. */
const MOST_WAITING_BYTES = 256 * 2 ** 20

export type LineFitState = 'idle' | 'collecting' | 'fitting'

export interface LineFitOptions {
  /** Names the place in the ledgers, for example `fit/<node id>`. */
  hop: string
  /** Of this line alone: emptied whenever collecting begins. */
  folder: string
  /** Good frames to collect. */
  count: number
  /** Least time between two of them, so that a fast camera does not give the same part many times; default 0. */
  intervalMs?: number
  request: Omit<FitRequest, 'images'>
}

/** With pictures that look unlike the rest, once, before anything is learned; then with what is tried, and of trained families the loss. */
export interface LineFitProgress extends FitProgress, Pick<DetectorProgress, 'suspects' | 'trials' | 'loss'> {}

interface LineFitEvents {
  progress: [progress: LineFitProgress]
  ready: [outcome: FitOutcome]
  failed: [error: GoodpartsError]
}

export class LineFit extends EventEmitter<LineFitEvents> {
  readonly #options: LineFitOptions
  readonly #ledger: Ledger
  #state: LineFitState = 'idle'
  /** What runs belongs to this; anything that returns to another is out of date. */
  #run = new AbortController()
  #images: FitRequest['images'] = []
  #taken = 0
  #takenAt = -Infinity
  #waitingBytes = 0
  #work: Promise<void> = Promise.resolve()
  #emptied: Promise<void> = Promise.resolve()

  constructor (options: LineFitOptions) {
    super()
    this.#options = options
    this.#ledger = new Ledger(options.hop)
  }

  get state (): LineFitState {
    return this.#state
  }

  /** Frames that came; out = kept to learn from. */
  get ledger (): LedgerSnapshot {
    return this.#ledger.snapshot()
  }

  /** Begins to collect at once, from nothing; a fit on its way is cancelled. Resolves when frames can reach the disk. */
  async start (): Promise<void> {
    this.#abort()
    this.#images = []
    this.#taken = 0
    this.#takenAt = -Infinity
    this.#state = 'collecting'
    this.#tell('collecting', 0, this.#options.count)
    this.#emptied = Promise.allSettled([this.#emptied, this.#work]).then(async () => {
      await rm(this.#options.folder, { recursive: true, force: true })
      makeFolder(this.#options.folder)
    })
    await this.#emptied
  }

  /** Takes a frame while collecting; any other time it only counts. `partId` names the physical part, where it is known. */
  async add (frame: Frame, partId: string | null): Promise<void> {
    const { folder, count } = this.#options
    const at = Date.parse(frame.capturedAt)
    this.#ledger.enter()
    const unwanted = this.#unwanted(frame, at)
    if (unwanted !== undefined) {
      this.#ledger.drop(unwanted)
      return
    }
    const run = this.#run
    const current = (): boolean => run === this.#run
    const path = join(folder, `${String(this.#taken++).padStart(5, '0')}.png`)
    this.#takenAt = at
    this.#waitingBytes += frame.byteLength
    try {
      await this.#emptied
      const { width, height, channels } = frame
      if (current()) await writeFile(path, await encodePng({ data: frame.pixels(), width, height, channels }, 1))
    } catch (error) {
      this.#ledger.drop(current() ? 'write-failed' : 'cancelled')
      if (current()) this.#fail(error)
      return
    } finally {
      this.#waitingBytes -= frame.byteLength
    }
    if (!current()) {
      this.#ledger.drop('cancelled')
      return
    }
    this.#ledger.leave()
    this.#images.push({ path, group: partId, calibration: false })
    this.#tell('collecting', this.#images.length, count)
    if (this.#images.length === count) this.learn(this.#images)
  }

  /** Fits to these pictures; `ready` or `failed` follows. */
  learn (images: FitRequest['images']): void {
    this.#abort()
    const { signal } = this.#run
    this.#state = 'fitting'
    const inOrder = images.toSorted((a, b) => a.path < b.path ? -1 : 1)
    this.#work = this.#fit(inOrder, signal)
  }

  /** Stops collecting or fitting; resolves when its process is gone. */
  async cancel (): Promise<void> {
    this.#abort()
    this.#state = 'idle'
    await this.#work
  }

  /** Cancels, and takes its counters out of the process's ledgers. */
  async close (): Promise<void> {
    await this.cancel()
    this.#ledger.close()
  }

  /** Why a frame is left out; `undefined` when it is wanted. */
  #unwanted (frame: Frame, at: number): string | undefined {
    const { count, intervalMs = 0 } = this.#options
    if (this.#state !== 'collecting') return 'not-collecting'
    if (this.#taken >= count) return 'enough'
    if (at - this.#takenAt < intervalMs) return 'too-soon'
    return this.#waitingBytes + frame.byteLength > MOST_WAITING_BYTES ? 'disk-too-slow' : undefined
  }

  async #fit (images: FitRequest['images'], signal: AbortSignal): Promise<void> {
    try {
      const outcome = await fitInProcess({ suspects: true, ...this.#options.request, images }, {
        signal,
        onProgress: ({ stage, done, total, ...more }) => { if (!signal.aborted) this.#tell(stage, done, total, more) }
      })
      if (signal.aborted) return
      this.#state = 'idle'
      this.#tell('ready', 1, 1, { share: 1 })
      this.emit('ready', outcome)
    } catch (error) {
      if (!signal.aborted) this.#fail(error)
    }
  }

  #abort (): void {
    this.#run.abort()
    this.#run = new AbortController()
  }

  #fail (error: unknown): void {
    this.#abort()
    this.#state = 'idle'
    this.emit('failed', asGoodpartsError(error, 'GOODPARTS_FIT_FAILED'))
  }

  #tell (stage: string, done: number, total: number, more: Omit<DetectorProgress, 'stage' | 'done' | 'total'> = {}): void {
    const text = [total > 1 ? `${stage} ${done}/${total}` : stage, ...(more.loss === undefined ? [] : [lossText(more.loss)])].join(', ')
    this.emit('progress', { kind: 'fit-progress', stage, done, total, text, ...more })
  }
}
