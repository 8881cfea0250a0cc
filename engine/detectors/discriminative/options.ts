/** What a discriminative detector can be told, checked before any work. */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { GoodpartsError } from '../../errors.ts'
import { augmentationRule } from '../augmentation-selection/augmentation-option.ts'
import type { AugmentationOption } from '../augmentation-selection/augmentation-option.ts'
import { backboneDefaults, type BackboneOptions } from '../backbone-features/chosen-backbone.ts'
import type { Normalisation } from '../backbone-features/image-input.ts'
import { backboneRules, numberFrom, oneOf, orAuto, readOptions, text, wholeFrom, type Rule } from '../option-rules.ts'

export interface DiscriminativeOptions extends BackboneOptions {
  /** `auto`, or a layer set of the backbone: `fine`, `standard`, `three`. */
  scale: string
  /** Input edge in pixels. */
  size: 'auto' | number
  normalisation: 'auto' | Normalisation
  /** Numbers per position, after the principal components. */
  components: number
  /** Features of good parts that are kept as known. */
  bankSize: number
  /** Channels of the segmentation head. */
  hidden: number
  /** Train steps. */
  steps: number
  learningRate: number
  /** What pictures are changed by in training. */
  augmentation: AugmentationOption
  /** Defects drawn on each picture that it learns from. */
  drawings: number
  /** Deviation of the noise on features (SuperSimpleNet), in deviations of theirs; 0 = none, which separates better than 0.5 did (measured). */
  noise: number
  /** Deviation of the map's smoothing, pixels of the resized picture. */
  mapSigma: number
  /** Choices that are slower here, one thread, are not taken; 0 = any speed. */
  targetImagesPerSecond: number
}

export const discriminativeDefaults: DiscriminativeOptions = {
  scale: 'auto',
  size: 'auto',
  normalisation: 'auto',
  components: 64,
  bankSize: 2000,
  hidden: 64,
  steps: 400,
  learningRate: 0.002,
  augmentation: 'none',
  drawings: 2,
  noise: 0,
  mapSigma: 4,
  targetImagesPerSecond: 0,
  ...backboneDefaults
}

const rules: Record<keyof DiscriminativeOptions, Rule> = {
  scale: text,
  size: orAuto(wholeFrom(32, 2048)),
  normalisation: orAuto(oneOf('backbone', 'image')),
  components: wholeFrom(1, 4096),
  bankSize: wholeFrom(2, 20_000),
  hidden: wholeFrom(1, 1024),
  steps: wholeFrom(1, 1_000_000),
  learningRate: numberFrom(1e-7, 1),
  augmentation: augmentationRule,
  drawings: wholeFrom(0, 100),
  noise: numberFrom(0, 100),
  mapSigma: numberFrom(0, 64),
  targetImagesPerSecond: numberFrom(0, 100_000),
  ...backboneRules
}

/** @throws GOODPARTS_ARGUMENT for an option that does not exist or a value that it cannot have. */
export function readDiscriminativeOptions (given: Readonly<Record<string, JsonValue>>): DiscriminativeOptions {
  const options = readOptions('discriminative', rules, discriminativeDefaults, given)
  if (options.drawings === 0 && options.noise === 0) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected drawings or noise to be more than 0, got 0 for both')
  return options
}
