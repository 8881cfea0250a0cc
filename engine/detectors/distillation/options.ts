/** What a distillation can be told, checked before any work. */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { augmentationRule } from '../augmentation-selection/augmentation-option.ts'
import type { AugmentationOption } from '../augmentation-selection/augmentation-option.ts'
import { backboneDefaults, type BackboneOptions } from '../backbone-features/chosen-backbone.ts'
import { backboneRules, numberFrom, orAuto, readOptions, text, wholeFrom, type Rule } from '../option-rules.ts'

export interface DistillationOptions extends BackboneOptions {
  /** The teacher's layers: `auto`, or a layer set of the backbone: `fine`, `standard`, `three`. */
  scale: string
  /** Input edge in pixels, a multiple of 32. */
  size: 'auto' | number
  /** Numbers per position that the student imitates: the teacher's principal components. */
  components: number
  /** Channels of the student's first layer; deeper ones have up to four times as many. */
  width: number
  /** Channels of the auto-encoder's narrow middle, at a thirty-second of the size. */
  bottleneck: number
  /** Train steps. */
  steps: number
  batch: number
  learningRate: number
  /** What pictures are changed by in training. */
  augmentation: AugmentationOption
  /** Deviation of the map's smoothing, pixels of the resized picture. */
  mapSigma: number
  /** Choices that are slower here, one thread, are not taken; 0 = any speed. */
  targetImagesPerSecond: number
}

export const distillationDefaults: DistillationOptions = {
  scale: 'standard',
  size: 256,
  components: 32,
  width: 16,
  bottleneck: 32,
  steps: 800,
  batch: 4,
  learningRate: 0.002,
  augmentation: 'none',
  mapSigma: 4,
  targetImagesPerSecond: 0,
  ...backboneDefaults
}

const rules: Record<keyof DistillationOptions, Rule> = {
  scale: text,
  size: orAuto({ expected: 'a multiple of 32 from 64 to 1024', holds: (value) => wholeFrom(64, 1024).holds(value) && (value as number) % 32 === 0 }),
  components: wholeFrom(1, 1024),
  width: wholeFrom(1, 256),
  bottleneck: wholeFrom(1, 1024),
  steps: wholeFrom(1, 1_000_000),
  batch: wholeFrom(1, 256),
  learningRate: numberFrom(1e-7, 1),
  augmentation: augmentationRule,
  mapSigma: numberFrom(0, 64),
  targetImagesPerSecond: numberFrom(0, 100_000),
  ...backboneRules
}

/** @throws GOODPARTS_ARGUMENT for an option that does not exist or a value that it cannot have. */
export function readDistillationOptions (given: Readonly<Record<string, JsonValue>>): DistillationOptions {
  return readOptions('distillation', rules, distillationDefaults, given)
}
