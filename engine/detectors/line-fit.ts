/** Learns from a line while it runs: keeps its next good frames as pictures, then fits in a process of its own. */
import { EventEmitter } from 'node:events'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FitProgress } from '../../schemas/live.ts'
import type { GoodpartsError } from '../errors.ts'
import { asGoodpartsError } from '../errors.ts'
import type { Frame } from '../frame/frame.ts'
import { encodePng } from '../frame/image-codec.ts'
import { fitInProcess, type FitOutcome, type FitRequest } from './fit-process.ts'

/** Pictures that are written at once; frames that come meanwhile are left out, the next ones will do. */
const MOST_WRITING = 4

export type LineFitState = 'idle' | 'collecting' | 'fitting'

export interface LineFitOptions {
  /** Of this line alone: emptied whenever collecting begins. */
  folder: string
  /** Good frames to collect. */
  count: number
  request: Omit<FitRequest, 'images'>
}

interface LineFitEvents {
  progress: [progress: FitProgress]
  ready: [outcome: FitOutcome]
  failed: [error: GoodpartsError]
}

export class LineFit extends EventEmitter<LineFitEvents> {
  readonly #options: LineFitOptions
  #state: LineFitState = 'idle'
  /** What runs belongs to this; anything that returns to another is out of date. */
  #run = new AbortController()
  #images: FitRequest['images'] = []
  #taken = 0
  #writing = 0
  #work: Promise<void> = Promise.resolve()

  constructor (options: LineFitOptions) {
    super()
    this.#options = options
  }

  get state (): LineFitState {
    return this.#state
  }

  /** Begins to collect, from nothing; a fit on its way is cancelled. */
  async start (): Promise<void> {
    await this.cancel()
    const { folder, count } = this.#options
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    this.#images = []
    this.#taken = 0
    this.#state = 'collecting'
    this.#tell('collecting', 0, count)
  }

  /** Takes a frame while collecting; any other time it does nothing. `partId` names the physical part, where it is known. */
  async add (frame: Frame, partId: string | null): Promise<void> {
    const { folder, count } = this.#options
    if (this.#state !== 'collecting' || this.#taken >= count || this.#writing >= MOST_WRITING) return
    const run = this.#run
    const path = join(folder, `${String(this.#taken++).padStart(5, '0')}.png`)
    this.#writing++
    try {
      const { width, height, channels } = frame
      await writeFile(path, await encodePng({ data: frame.pixels(), width, height, channels }, 1))
      if (run.signal.aborted) return
      this.#images.push({ path, group: partId, calibration: false })
      this.#tell('collecting', this.#images.length, count)
      if (this.#images.length === count) this.learn(this.#images)
    } catch (error) {
      if (!run.signal.aborted) this.#fail(error)
    } finally {
      this.#writing--
    }
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

  async #fit (images: FitRequest['images'], signal: AbortSignal): Promise<void> {
    try {
      const outcome = await fitInProcess({ ...this.#options.request, images }, {
        signal,
        onProgress: ({ stage, done, total }) => { if (!signal.aborted) this.#tell(stage, done, total) }
      })
      if (signal.aborted) return
      this.#state = 'idle'
      this.#tell('ready', 1, 1)
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

  #tell (stage: string, done: number, total: number): void {
    this.emit('progress', { kind: 'fit-progress', stage, done, total, text: total > 1 ? `${stage} ${done}/${total}` : stage })
  }
}
