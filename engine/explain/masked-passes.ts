/** Passes masked pictures through a model, batch by batch, until the time is up. */
import type { ExplanationTarget, ExplainOptions, Saliency } from './explainer.ts'
import type { ExplainedModel } from './model/explained-model.ts'
import type { WorkingPicture } from './model/working-picture.ts'

const usualBatch = 16

/** What is spent of a time budget, by `now`, in milliseconds: default the time of day's pace. */
export class Budget {
  readonly now: () => number
  readonly #begun: number
  readonly #limit: number
  #longestBatch = 0

  constructor (milliseconds = Infinity, now = () => performance.now()) {
    this.#limit = milliseconds
    this.now = now
    this.#begun = now()
  }

  get elapsed (): number {
    return this.now() - this.#begun
  }

  /** Whether a batch as long as the longest would still end in time. */
  get allowsAnother (): boolean {
    return this.elapsed + this.#longestBatch <= this.#limit
  }

  /** What is left, shared among `parts` equal ones. */
  share (parts: number): Budget {
    return new Budget(Math.max(0, this.#limit - this.elapsed) / parts, this.now)
  }

  took (milliseconds: number): void {
    this.#longestBatch = Math.max(this.#longestBatch, milliseconds)
  }
}

export interface PassCount {
  done: number
  planned: number
}

/**
 * Takes masks `(H, W)` from `maskAt(0 … count - 1)` and gives each with its confidence. The first batch always passes, so that there is something to show.
 */
export async function passMasks (
  model: ExplainedModel, picture: WorkingPicture, options: ExplainOptions, budget: Budget,
  { count, maskAt, scored }: { count: number, maskAt: (index: number) => Float32Array, scored: (mask: Float32Array, confidence: number, index: number) => void }
): Promise<PassCount> {
  const size = options.batch ?? usualBatch
  let done = 0
  while (done < count && (done === 0 || budget.allowsAnother)) {
    options.signal?.throwIfAborted()
    const begun = budget.now()
    const masks = Array.from({ length: Math.min(size, count - done) }, (_, index) => maskAt(done + index))
    const confidences = await model.confidences(picture, masks, options.target)
    masks.forEach((mask, index) => { scored(mask, confidences[index] as number, done + index) })
    done += masks.length
    budget.took(budget.now() - begun)
  }
  return { done, planned: count }
}

export function skippedText ({ done, planned }: PassCount, what: string): string | null {
  return done >= planned ? null : `${planned - done} of ${planned} ${what}`
}

/** Why there is no map, in words. @param what the target's name. */
export function withoutMapText ({ skipped, reason }: Pick<Saliency, 'skipped' | 'reason'>, what: 'score' | 'target'): string {
  if (reason !== undefined) return reason
  return skipped === null ? `found nothing that speaks for the ${what}` : `time was up before anything was found: ${skipped} left out`
}

/** Why the model gives no such answer; `null` when it does. */
export function targetObstacle (model: ExplainedModel, target: ExplanationTarget): string | null {
  try {
    model.target(target)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
