/** What explains a model's answer to one picture, whatever the method and the model. */
import type { RawImage } from '../frame/image-codec.ts'
import type { ExplainedModel } from './model/explained-model.ts'
import type { MapValues } from './map-rows.ts'

export type ExplanationMethod = 'anomaly-map' | 'rise' | 'occlusion' | 'score-cam' | 'grad-cam' | 'grad-cam++' | 'layer-cam' | 'sise' | 'ada-sise'

/** What is explained: how unlike the good parts a picture is, or that it is of a class. */
export type ExplanationTarget = { kind: 'score' } | { kind: 'class', index: number }

/** What stands where a mask hides the picture: its mean colour, itself blurred, black, or a picture of a good part. */
export type Baseline = 'mean' | 'blur' | 'black' | RawImage

/**
 * What weighs a channel in Score-CAM: ψ behind its mask, more than of the baseline (Wang et al. 2020, eq. 3 and 4); ψ itself, as the authors' code
 * has it; or the softmax of ψ over the channels, as in pytorch-grad-cam.
 */
export type ScoreCamVariant = 'increase' | 'confidence' | 'softmax'

export interface ExplainOptions {
  target: ExplanationTarget
  /** Default `mean`. */
  baseline?: Baseline
  /** Milliseconds after which no further forward pass begins; the best map so far is given. Default: none. */
  budget?: number
  /** What the budget is counted by, in milliseconds; default `performance.now`. */
  now?: () => number
  /** Default `increase`. */
  scoreCam?: ScoreCamVariant
  /** Of methods that draw at random. Default 0. */
  seed?: number
  /** Pictures that pass the model at once. Default 16. */
  batch?: number
  signal?: AbortSignal
}

export interface Saliency {
  method: ExplanationMethod
  /** `(height, width)` over the whole picture, in [0, 1] with 1 at the highest; `null` where the method finds nothing that speaks for the target. */
  map: MapValues | null
  /** Passes of a picture through the model, and how many the whole explanation would take. */
  forwards: { done: number, planned: number }
  /** What the budget left out, in words; `null` when nothing was. */
  skipped: string | null
  /** Why there is no map for this picture, in words, where it is neither that nothing speaks for the target nor the time. */
  reason?: string
  milliseconds: number
}

export interface Explainer {
  readonly method: ExplanationMethod
  /** Why this model cannot be explained so, in words; `null` where nothing is known before: `explain` may still find an operator without a gradient. */
  obstacle (model: ExplainedModel, target: ExplanationTarget): string | null
  /**
   * The same model, picture, options and seed give the same map, unless a budget ends it.
   * @throws GOODPARTS_EXPLANATION_FAILED where there is an obstacle, GOODPARTS_INFERENCE_FAILED; the signal's reason when aborted.
   */
  explain (model: ExplainedModel, image: RawImage, options: ExplainOptions): Promise<Saliency>
}
