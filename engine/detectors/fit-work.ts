/** What every stage of a fit carries along: pictures, seed, progress, and the way to stop. */
import type { ScaleTrial } from '../../schemas/bundle.ts'
import { GoodpartsError } from '../errors.ts'
import { seededRandom } from '../random.ts'
import type { Random } from '../random.ts'
import type { Device } from '../runtime/loaded-model.ts'
import type { Checkpoint } from '../training/checkpoint.ts'
import type { DefectImage, FitContext, GoodImage } from './detector.ts'
import { calibrationSplit } from './hold-out.ts'
import type { HoldOut } from './hold-out.ts'
import { PicturePool } from './picture-pool.ts'

/** Purposes of random numbers, so that one stage's draws do not move another's. */
const purposes = ['calibration', 'trial', 'rows', 'coreset', 'defects', 'projection', 'training'] as const
export type Purpose = typeof purposes[number]

function randomOf (seed: number, purpose: Purpose): Random {
  return seededRandom(Math.imul(seed + 1, 0x9e3779b1) + purposes.indexOf(purpose))
}

/** What a fit of these pictures with this seed learns from, and what it calibrates on. @throws as `calibrationSplit`. */
export function splitOfFit (images: readonly GoodImage[], seed: number): HoldOut {
  return calibrationSplit(images, randomOf(seed, 'calibration'))
}

/** Shared by all parts of a fit. */
interface Shown { trials: ScaleTrial[] | null, losses: readonly number[] }

export class FitWork {
  readonly pool: PicturePool
  readonly threads: number
  /** Where train steps run. */
  readonly device: Device
  readonly seed: number
  /** Labelled defects, where there are any. */
  readonly defects: readonly DefectImage[]
  /** Of what is learned in the end, not of trials: only the work of `learning()` has it. */
  readonly checkpoint: Checkpoint | undefined
  readonly #context: FitContext
  readonly #part: string
  readonly #shown: Shown

  constructor (context: FitContext, pool = new PicturePool(), part = '', shown: Shown = { trials: null, losses: [] }, checkpoint?: Checkpoint) {
    this.#context = context
    this.#part = part
    this.#shown = shown
    this.pool = pool
    this.threads = context.threads
    this.device = context.device ?? 'cpu'
    this.seed = context.seed
    this.defects = context.defects ?? []
    this.checkpoint = checkpoint
  }

  random (purpose: Purpose): Random {
    return randomOf(this.seed, purpose)
  }

  /**
   * Reports and lets an abort be heard; called between batches. @param loss Of the train steps since the last report.
   * @throws GOODPARTS_FIT_CANCELLED.
   */
  async step (stage: string, done: number, total: number, loss?: number): Promise<void> {
    const { trials } = this.#shown
    this.#context.progress({ stage: this.#part === '' ? stage : `${this.#part}: ${stage}`, done, total, ...(trials === null ? {} : { trials }), ...(loss === undefined ? {} : { loss }) })
    await this.breathe()
  }

  /** The same without a report. */
  async breathe (): Promise<void> {
    await new Promise<void>((resolve) => { setImmediate(resolve) })
    if (this.#context.signal.aborted) throw new GoodpartsError('GOODPARTS_FIT_CANCELLED', 'Expected the fit to end, got a request to cancel it')
  }

  /** Rows that go out with every report from here on. */
  showTrials (trials: readonly ScaleTrial[]): void {
    this.#shown.trials = [...trials]
  }

  /** Of the last training, which is that of what the bundle is made of: trials come before it. */
  trained (losses: readonly number[]): void {
    this.#shown.losses = losses
  }

  /** One per train step of the last training; empty where there was none. */
  get losses (): readonly number[] {
    return this.#shown.losses
  }

  /** The same work, its stages reported as parts of `part`. */
  under (part: string): FitWork {
    return new FitWork(this.#context, this.pool, part, this.#shown)
  }

  /** The part that learns what the bundle is made of; its training goes on from the checkpoint. */
  learning (): FitWork {
    return new FitWork(this.#context, this.pool, 'learning', this.#shown, this.#context.checkpoint)
  }

  /** A choice, which a fit that goes on from a checkpoint does not make again. */
  async remember<Choice> (name: string, choose: () => Promise<Choice>): Promise<Choice> {
    const { checkpoint } = this.#context
    return checkpoint === undefined ? choose() : checkpoint.remember(name, choose)
  }
}
