/** What a distillation can be told, checked before any work. */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { augmentationRule } from '../augmentation-selection/augmentation-option.ts'
import type { AugmentationOption } from '../augmentation-selection/augmentation-option.ts'
import { backboneDefaults, type BackboneOptions } from '../backbone-features/chosen-backbone.ts'
import { backboneRules, numberFrom, orAuto, readOptions, text, wholeFrom, type Rule } from '../option-rules.ts'

export interface DistillationOptions extends BackboneOptions {
  /** The teacher's layers: `auto`, or a layer set of the backbone: `fine`, `standard`, `three`. */
  scale: string
  /** Input edge in pixels, a multiple of 32; `picture`: the pictures' own, 64 to 256. */
  size: 'picture' | 'auto' | number
  /** Numbers per position that the student imitates: the teacher's principal components. */
  components: number
  /** Channels of the student's first layer and of the auto-encoder's; deeper ones have up to four and up to two times as many. */
  width: number
  /** Channels of the auto-encoder's narrow middle, at a thirty-second of the size; more than twice `width` make it no wider. */
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

export type SizedOptions = DistillationOptions & { size: 'auto' | number }

export const distillationDefaults: DistillationOptions = {
  scale: 'standard',
  size: 'picture',
  components: 32,
  width: 8,
  bottleneck: 16,
  steps: 800,
  batch: 4,
  learningRate: 0.002,
  augmentation: 'none',
  mapSigma: 4,
  targetImagesPerSecond: 0,
  ...backboneDefaults
}

/** Of sizes, and the least and the largest of `picture`. */
const [step, least, most] = [32, 64, 256] as const

const rules: Record<keyof DistillationOptions, Rule> = {
  scale: text,
  size: orAuto({ expected: 'picture or a multiple of 32 from 64 to 1024', holds: (value) => value === 'picture' || (wholeFrom(64, 1024).holds(value) && (value as number) % step === 0) }),
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

/** With pixels where the size is `picture`. @param edge Of the pictures, pixels. */
export function sizedFor (options: DistillationOptions, edge: number): SizedOptions {
  const { size } = options
  return { ...options, size: size === 'picture' ? Math.min(most, Math.max(least, step * Math.ceil(edge / step))) : size }
}

/** @throws GOODPARTS_ARGUMENT for an option that does not exist or a value that it cannot have. */
export function readDistillationOptions (given: Readonly<Record<string, JsonValue>>): DistillationOptions {
  return readOptions('distillation', rules, distillationDefaults, given)
}
