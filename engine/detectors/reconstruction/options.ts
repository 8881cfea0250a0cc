/** What a reconstruction can be told, checked before any work. */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { augmentationRule } from '../augmentation-selection/augmentation-option.ts'
import type { AugmentationOption } from '../augmentation-selection/augmentation-option.ts'
import { numberFrom, oneOf, readOptions, wholeFrom, type Rule } from '../option-rules.ts'
import type { ReconstructionLoss } from './autoencoder.ts'

export interface ReconstructionOptions {
  /** Input edge in pixels, a multiple of 16. */
  size: number
  loss: ReconstructionLoss
  /** Channels of the first layer. */
  width: number
  /** Channels of the narrow middle: more make better pictures, and let more defects through. */
  bottleneck: number
  /** Train steps. */
  steps: number
  batch: number
  learningRate: number
  /** What pictures are changed by in training. */
  augmentation: AugmentationOption
  /** Deviation of the residual's smoothing, pixels of the resized picture. */
  mapSigma: number
}

export const reconstructionDefaults: ReconstructionOptions = {
  size: 128,
  loss: 'ssim',
  width: 16,
  bottleneck: 16,
  steps: 600,
  batch: 8,
  learningRate: 0.002,
  augmentation: 'none',
  mapSigma: 2
}

const rules: Record<keyof ReconstructionOptions, Rule> = {
  size: { expected: 'a multiple of 16 from 32 to 1024', holds: (value) => wholeFrom(32, 1024).holds(value) && (value as number) % 16 === 0 },
  loss: oneOf('l2', 'ssim'),
  width: wholeFrom(1, 256),
  bottleneck: wholeFrom(1, 1024),
  steps: wholeFrom(1, 1_000_000),
  batch: wholeFrom(1, 256),
  learningRate: numberFrom(1e-7, 1),
  augmentation: augmentationRule,
  mapSigma: numberFrom(0, 64)
}

/** @throws GOODPARTS_ARGUMENT for an option that does not exist or a value that it cannot have. */
export function readReconstructionOptions (given: Readonly<Record<string, JsonValue>>): ReconstructionOptions {
  return readOptions('reconstruction', rules, reconstructionDefaults, given)
}
