/** How much of the model's answer hangs on what a map points at: asked of the model itself, without ground truth. */
import type { ExplanationTarget } from '../explainer.ts'
import type { ExplainedModel } from '../model/explained-model.ts'
import type { WorkingPicture } from '../model/working-picture.ts'

/** Relative to the confidence in the whole picture. */
export interface Faithfulness {
  /** Area under the confidence while the highest pixels are shown first (Petsiuk et al. 2018, § 3.2); higher is better. */
  insertion: number
  /** … while the highest pixels are hidden first; lower is better. */
  deletion: number
  /** Share of the confidence that is lost when only the highest 15 % of the pixels are shown (Chattopadhay et al. 2018, § 4.1); lower is better. */
  drop: number
  /** 1 where that raises the confidence. */
  increase: 0 | 1
}

export interface FaithfulnessOptions {
  target: ExplanationTarget
  /** Parts into which the pixels are divided. Default 20. */
  steps?: number
  /** Pictures that pass the model at once. Default 16. */
  batch?: number
  signal?: AbortSignal
}

/** Pixels that stay for drop and increase. */
const keptShare = 0.15

/**
 * Of how far good parts' scores reach above their median: a part that is hardly less ordinary than the median has nothing to explain, and what seams of masks
 * add to its score would be many times what it has.
 */
const leastShareOfSpread = 0.5
/** Of a class's confidence: over less, the ratios would have no bounds. */
const leastClassConfidence = 0.01

/** Hidden pixels are those of the picture's baseline. @param values `(H, W)` of the picture. Equally high pixels follow each other row by row. @returns `null` where the model has next to no confidence to lose, or a score hardly above that of good parts. */
export async function faithfulness (model: ExplainedModel, picture: WorkingPicture, values: Float32Array, options: FaithfulnessOptions): Promise<Faithfulness | null> {
  const steps = options.steps ?? 20
  const order = Uint32Array.from(values, (_, index) => index).sort((a, b) => (values[b] as number) - (values[a] as number) || a - b)
  const shown = (from: number, to: number): Float32Array => {
    const mask = new Float32Array(values.length)
    for (let i = Math.round(from * values.length); i < Math.round(to * values.length); i++) mask[order[i] as number] = 1
    return mask
  }
  const shares = Array.from({ length: steps + 1 }, (_, step) => step / steps)
  const wanted = [() => shown(0, 1), () => shown(0, keptShare), ...shares.map((share) => () => shown(0, share)), ...shares.map((share) => () => shown(share, 1))]
  const confidences = await inBatches(model, picture, wanted, options)
  const [whole = 0, kept = 0] = confidences
  if (!hasSomethingToExplain(model, options.target, whole)) return null
  return {
    insertion: areaUnder(confidences.slice(2, steps + 3)) / whole,
    deletion: areaUnder(confidences.slice(steps + 3)) / whole,
    drop: Math.max(0, whole - kept) / whole,
    increase: kept > whole ? 1 : 0
  }
}

/** Whether the confidence in the whole picture is worth an explanation: of a score, what is clearly above good parts; of a class, one hundredth. */
export function hasSomethingToExplain ({ goodSpread }: Pick<ExplainedModel, 'goodSpread'>, { kind }: ExplanationTarget, whole: number): boolean {
  return kind === 'score' ? whole > 0 && whole >= leastShareOfSpread * goodSpread : whole >= leastClassConfidence
}

async function inBatches (model: ExplainedModel, picture: WorkingPicture, masks: ReadonlyArray<() => Float32Array>, { target, batch = 16, signal }: FaithfulnessOptions): Promise<number[]> {
  const confidences: number[] = []
  for (let first = 0; first < masks.length; first += batch) {
    signal?.throwIfAborted()
    confidences.push(...await model.confidences(picture, masks.slice(first, first + batch).map((mask) => mask()), target))
  }
  return confidences
}

/** Trapezoids over [0, 1]. */
export function areaUnder (curve: readonly number[]): number {
  const sum = curve.reduce((total, value) => total + value, 0)
  return (sum - ((curve[0] ?? 0) + (curve.at(-1) ?? 0)) / 2) / (curve.length - 1)
}
