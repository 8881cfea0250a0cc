/**
 * The place where a line finds its model: loads a bundle, exchanges it between two frames for another that is loaded and verified, keeps
 * the old one when that fails.
 */
import { EventEmitter } from 'node:events'
import { createDecision, type Decision } from './decision.ts'
import { asGoodpartsError, GoodpartsError } from '../errors.ts'
import { loadModel, type LoadOptions } from '../runtime/inference-runtime.ts'
import type { LoadedModel } from '../runtime/loaded-model.ts'

export interface SlottedModel {
  path: string
  model: LoadedModel
  decision: Decision
  /** To read, check and open it; the first time on a machine, to time it as well. */
  loadSeconds: number
}

export interface ModelSlotOptions extends LoadOptions {
  reviewRate?: number
  rejectRate?: number
}

export type SlotState =
  | { kind: 'empty' }
  /** `since` is on the clock of `performance.now()`. */
  | { kind: 'loading', path: string, since: number }
  | { kind: 'ready', current: SlottedModel }
  /** `current` goes on when a swap failed. */
  | { kind: 'failed', error: GoodpartsError, current: SlottedModel | undefined }

interface SlotEvents {
  state: [state: SlotState]
  /** A model took its place, the first or another. */
  changed: [current: SlottedModel]
}

export class ModelSlot extends EventEmitter<SlotEvents> {
  readonly #options: ModelSlotOptions
  #state: SlotState = { kind: 'empty' }
  #current: SlottedModel | undefined
  /** Swaps come one after the other; the last one wins. */
  #last: Promise<unknown> = Promise.resolve()
  readonly #draining = new Set<Promise<void>>()
  #closed = false

  constructor (options: ModelSlotOptions = {}) {
    super()
    this.#options = options
  }

  /** What scores frames from now on; `undefined` before the first bundle is loaded. */
  get current (): SlottedModel | undefined {
    return this.#current
  }

  get state (): SlotState {
    return this.#state
  }

  /**
   * Loads the bundle and puts it in place; the one before it finishes the frames that it has.
   * @throws what `loadModel` and `createDecision` throw; the one before it then stays
   */
  async swap (path: string): Promise<SlottedModel> {
    const turn = this.#last.then(async () => this.#load(path))
    this.#last = turn.catch(() => {})
    return await turn
  }

  /** Ends loading, drains and releases. */
  async close (): Promise<void> {
    this.#closed = true
    await this.#last
    const { model } = this.#current ?? {}
    this.#current = undefined
    await Promise.all([model?.close(), ...this.#draining])
    this.removeAllListeners()
  }

  async #load (path: string): Promise<SlottedModel> {
    if (this.#closed) throw new GoodpartsError('GOODPARTS_INFERENCE_FAILED', 'Expected the model’s place to be open, got a bundle after it was closed')
    const since = performance.now()
    this.#tell({ kind: 'loading', path, since })
    try {
      const model = await loadModel(path, this.#options)
      return this.#place({ path, model, decision: await this.#decide(model), loadSeconds: (performance.now() - since) / 1000 })
    } catch (cause) {
      const error = asGoodpartsError(cause, 'GOODPARTS_BUNDLE_INVALID')
      this.#tell({ kind: 'failed', error, current: this.#current })
      throw error
    }
  }

  async #decide (model: LoadedModel): Promise<Decision> {
    const { reviewRate, rejectRate } = this.#options
    try {
      return createDecision({
        calibrationScores: model.metadata.calibration.scores,
        productScores: model.metadata.calibration.products ?? {},
        ...(reviewRate === undefined ? {} : { reviewRate }),
        ...(rejectRate === undefined ? {} : { rejectRate })
      })
    } catch (error) {
      await model.close()
      throw error
    }
  }

  #place (next: SlottedModel): SlottedModel {
    const before = this.#current
    this.#current = next
    if (before !== undefined) {
      const drained = before.model.close().catch(() => {}).finally(() => this.#draining.delete(drained))
      this.#draining.add(drained)
    }
    this.#tell({ kind: 'ready', current: next })
    this.emit('changed', next)
    return next
  }

  #tell (state: SlotState): void {
    this.#state = state
    if (!this.#closed) this.emit('state', state)
  }
}
