/** What the main thread and an inference thread say to each other. A thread holds one session of one model. */
import type { BundleMetadata } from '../../schemas/bundle.ts'
import type { ErrorCode } from '../errors.ts'
import type { QuantisedMap } from '../frame/quantised-map.ts'
import type { Device } from './loaded-model.ts'

/** What a thread opens, and checks against its golden vectors, before anything is scored. */
export interface ThreadModel {
  /**
   * The ONNX file. Each thread gets a copy of its own that goes when its session is open: shared memory would stay until some garbage
   * collection, which its size does not hasten.
   */
  bytes: Uint8Array
  metadata: Pick<BundleMetadata, 'id' | 'golden' | 'input'>
  device: Device
  /** Intra-op threads. */
  threads: number
}

/** Pixels `(H, W, C)` uint8 at the start of shared memory. */
export interface SharedPicture {
  memory: SharedArrayBuffer
  width: number
  height: number
  channels: 1 | 3
}

export type ThreadRequest =
  /** `sample` is painted before the answer: a picture to time the model with. */
  | { kind: 'open', model: ThreadModel, sample?: SharedPicture }
  | { kind: 'score', id: number, pictures: SharedPicture[] }
  | { kind: 'close' }

export interface PictureAnswer {
  score: number
  /** `(height, width)`, its own memory. */
  map: Float32Array
  height: number
  width: number
  /** The map as pages get it, made where pixel loops may be. */
  quantised: QuantisedMap
}

export interface ScoreAnswer {
  answers: PictureAnswer[]
  /** Milliseconds in the session. */
  inferenceMs: number
}

/** Errors cross as values: a clone would lose their code. */
export interface ThreadError {
  code: ErrorCode
  message: string
  fix: string | null
}

export type ThreadReply =
  | { kind: 'open', goldenDifference: number }
  | { kind: 'failed', error: ThreadError }
  | { kind: 'scored', id: number, result: ScoreAnswer }
  | { kind: 'not-scored', id: number, error: ThreadError }
