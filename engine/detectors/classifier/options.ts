/** What a classifier can be told. */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { backboneDefaults, type BackboneOptions } from '../backbone-features/chosen-backbone.ts'
import type { Normalisation } from '../backbone-features/image-input.ts'
import { backboneRules, numberFrom, oneOf, orAuto, readOptions, text, wholeFrom, type Rule } from '../option-rules.ts'

export interface ClassifierOptions extends BackboneOptions {
  /** `frozen`: a linear head over the backbone's features. `scratch`: a small network that is trained with it, from nothing. */
  features: 'frozen' | 'scratch'
  /** `auto`, or a layer set of the backbone: `fine`, `standard`, `three`. */
  scale: string
  /** Input edge in pixels. */
  size: 'auto' | number
  normalisation: Normalisation
  /** `named`: one class for each type of defect. `defect`: all types are one. */
  classes: 'named' | 'defect'
  /** Weight of the squared weights beside the mean loss; of a network the decay of its weights. */
  penalty: 'auto' | number
  /** Of the network, channels of its first layer; deeper ones have up to four times as many. */
  width: number
  /** Of the network, what it is made of: residual blocks, or MobileNet's inverted ones. */
  blocks: 'residual' | 'inverted'
  /** Of the network, train steps, and pictures in each, as many of every class. */
  steps: number
  batch: number
  learningRate: number
  /** Deviation of the map's smoothing, pixels of the resized picture. */
  mapSigma: number
  /** Choices that are slower here, one thread, are not taken; 0 = any speed. */
  targetImagesPerSecond: number
}

export const classifierDefaults: ClassifierOptions = {
  features: 'frozen',
  scale: 'auto',
  size: 'auto',
  normalisation: 'backbone',
  classes: 'named',
  penalty: 'auto',
  width: 16,
  blocks: 'residual',
  steps: 400,
  batch: 12,
  learningRate: 0.003,
  mapSigma: 4,
  targetImagesPerSecond: 0,
  ...backboneDefaults
}

const rules: Record<keyof ClassifierOptions, Rule> = {
  features: oneOf('frozen', 'scratch'),
  scale: text,
  size: orAuto(wholeFrom(32, 2048)),
  normalisation: oneOf('backbone', 'image'),
  classes: oneOf('named', 'defect'),
  penalty: orAuto(numberFrom(1e-6, 1e3)),
  width: wholeFrom(1, 256),
  blocks: oneOf('residual', 'inverted'),
  steps: wholeFrom(1, 1_000_000),
  batch: wholeFrom(2, 256),
  learningRate: numberFrom(1e-7, 1),
  mapSigma: numberFrom(0, 64),
  targetImagesPerSecond: numberFrom(0, 100_000),
  ...backboneRules
}

/** @throws GOODPARTS_ARGUMENT for an option that does not exist or a value that it cannot have. */
export function readClassifierOptions (given: Readonly<Record<string, JsonValue>>): ClassifierOptions {
  return readOptions('classifier', rules, classifierDefaults, given)
}
