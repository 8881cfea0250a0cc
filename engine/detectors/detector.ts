/**
 * The contract of every detector family: good pictures in, one bundle file out. Whatever the family does, the result is one
 * self-contained ONNX graph `image: uint8 [N, H, W, C]` (N, H, W, C free; C is 1 or 3) to `score: float32 [N]` and
 * `map: float32 [N, h, w]`, higher = less like the good parts.
 */
import type { BundleMetadata, JsonValue, ScaleTrial } from '../../schemas/bundle.ts'
import type { RawImage } from '../frame/image-codec.ts'
import type { Device } from '../runtime/loaded-model.ts'
import type { Checkpoint } from '../training/checkpoint.ts'
import type { FillName } from './defect-fills.ts'

/** A picture of a good part, decoded when it is needed. */
export interface GoodImage {
  /** A path or a name, for messages. */
  name: string
  /**
   * The physical part: its pictures never stand on both sides of the calibration split, nor of another while there are other parts. `null` = every
   * picture its own part.
   */
  group: string | null
  /** Held out by the data set's author for calibration; the detector splits by itself where no image has it. */
  calibration: boolean
  read (): Promise<RawImage>
}

/** A picture of a defective part, for families that learn from them. */
export interface DefectImage {
  name: string
  /** As of a good picture. */
  group: string | null
  /** The type of defect. */
  className: string
  read (): Promise<RawImage>
}

/** A good picture that looks unlike the rest. */
export interface Suspect {
  name: string
  /** Robust standard deviations of its distance to its nearest neighbour from the median of those distances. */
  deviations: number
  /** The picture of another part that it looks most like. */
  nearest: string | null
}

export interface FitProgress {
  /** For a person: `features`, `coreset`, … */
  stage: string
  done: number
  total: number
  /** Of the whole fit, 0 to 1, estimated, never falling; told by fits in a process of their own. */
  share?: number
  /** Rows of the scale table as they come in. */
  trials?: ScaleTrial[]
  /** Of the train steps since the last report, their mean: points of the loss curve. */
  loss?: number
  /** Once, before anything is learned, where they were asked for. */
  suspects?: Suspect[]
  /** Once, before anything is learned, where a checkpoint was found that the fit goes on from. */
  resumed?: true
  /** Once, where a device was asked for: where train steps run, and why. */
  device?: string
}

export interface FitContext {
  seed: number
  /** Intra-op threads. */
  threads: number
  /** Where train steps run; default `cpu`. Everything else is the processor's. */
  device?: Device
  progress (progress: FitProgress): void
  /** Aborting rejects the fit with GOODPARTS_FIT_CANCELLED. */
  signal: AbortSignal
  /** Labelled defects, where there are any. Only families with `learnsDefects` look at them. */
  defects?: readonly DefectImage[]
  /** Where a fit of the same pictures, options and seed goes on that did not end. */
  checkpoint?: Checkpoint
}

export interface FittedBundle {
  /** The ONNX file, metadata inside. */
  bytes: Uint8Array
  metadata: BundleMetadata
}

export interface Detector {
  /** The folder's name and the bundle's `family`. */
  readonly family: string
  readonly description: string
  /** Whether it learns from labelled defects. `required`: it cannot do without; default `never`: from good parts only. */
  readonly learnsDefects?: 'required' | 'optional' | 'never'
  /** Values of every option when none is given. */
  readonly defaults: { readonly [option: string]: JsonValue }
  /**
   * What can be known to be wrong with options before there is a picture.
   * @throws GOODPARTS_ARGUMENT (unknown option or value, layers or a size that the network does not have).
   */
  check (options: { readonly [option: string]: JsonValue }): void
  /** Fills of drawn defects that training with these options draws itself, so that they judge it too kindly. Default: none. @throws as `check`. */
  trainedOperators? (options: { readonly [option: string]: JsonValue }): readonly FillName[]
  /** @throws GOODPARTS_TOO_FEW_IMAGES, GOODPARTS_ARGUMENT (unknown option or value), GOODPARTS_FIT_CANCELLED. */
  fit (images: readonly GoodImage[], options: { readonly [option: string]: JsonValue }, context: FitContext): Promise<FittedBundle>
}
