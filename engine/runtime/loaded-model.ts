/** What the rest of the house sees of a model that is loaded for inference; implemented by `engine/runtime/inference-runtime.ts`. */
import type { BundleMetadata } from '../../schemas/bundle.ts'
import type { AnomalyMap } from '../frame/anomaly-map.ts'
import type { Frame } from '../frame/frame.ts'

export type Device = 'cpu' | 'cuda' | 'tensorrt' | 'webgpu'
export type DeviceRequest = Device | 'auto'

export interface DeviceTrial {
  device: Device
  threads: number
  /** `null` when it could not run; `reason` says why. */
  imagesPerSecond: number | null
  goldenDifference: number | null
  reason: string
}

export interface DeviceChoice {
  device: Device
  /** Intra-op threads of each worker's session. */
  threads: number
  workers: number
  /** One sentence for a person. */
  reason: string
  trials: DeviceTrial[]
  /** Other work took so much of the processor while it was timed that its figures are too low: it is remembered for a day only. */
  disturbed?: true
}

export interface Scoring {
  score: number
  map: AnomalyMap
  /** Milliseconds inside the session for the batch that held this frame. */
  inferenceMs: number
  bundleId: string
}

export interface ScoreOptions {
  /** Work not begun this many milliseconds after the call is dropped; default never. */
  deadlineMs?: number
  /** Most frames, of any caller, that these may share a batch with; default 1 on the CPU, 8 elsewhere. */
  batch?: number
}

export interface LoadedModel {
  readonly metadata: BundleMetadata
  readonly choice: DeviceChoice
  /**
   * Scores frames in worker threads; frames of one geometry are batched. Resolves in the order given.
   * @throws GOODPARTS_INFERENCE_FAILED, GOODPARTS_DEADLINE_PASSED (`deadlineMs` after the call, work not yet begun is dropped),
   *   GOODPARTS_QUEUE_FULL.
   */
  score (frames: readonly Frame[], options?: ScoreOptions): Promise<Scoring[]>
  close (): Promise<void>
}
