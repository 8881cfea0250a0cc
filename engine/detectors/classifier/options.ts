/** What a classifier can be told. */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { backboneDefaults, type BackboneOptions } from '../backbone-features/chosen-backbone.ts'
import type { Normalisation } from '../backbone-features/image-input.ts'
import { backboneRules, numberFrom, oneOf, orAuto, readOptions, text, wholeFrom, type Rule } from '../option-rules.ts'

export interface ClassifierOptions extends BackboneOptions {
  /** `auto`, or a layer set of the backbone: `fine`, `standard`, `three`. */
  scale: string
  /** Input edge in pixels. */
  size: 'auto' | number
  normalisation: Normalisation
  /** `named`: one class for each type of defect. `defect`: all types are one. */
  classes: 'named' | 'defect'
  /** Weight of the squared weights beside the mean loss. */
  penalty: 'auto' | number
  /** Deviation of the map's smoothing, pixels of the resized picture. */
  mapSigma: number
  /** Choices that are slower here, one thread, are not taken; 0 = any speed. */
  targetImagesPerSecond: number
}

export const classifierDefaults: ClassifierOptions = {
  scale: 'auto',
  size: 'auto',
  normalisation: 'backbone',
  classes: 'named',
  penalty: 'auto',
  mapSigma: 4,
  targetImagesPerSecond: 0,
  ...backboneDefaults
}

const rules: Record<keyof ClassifierOptions, Rule> = {
  scale: text,
  size: orAuto(wholeFrom(32, 2048)),
  normalisation: oneOf('backbone', 'image'),
  classes: oneOf('named', 'defect'),
  penalty: orAuto(numberFrom(1e-6, 1e3)),
  mapSigma: numberFrom(0, 64),
  targetImagesPerSecond: numberFrom(0, 100_000),
  ...backboneRules
}

/** @throws GOODPARTS_ARGUMENT for an option that does not exist or a value that it cannot have. */
export function readClassifierOptions (given: Readonly<Record<string, JsonValue>>): ClassifierOptions {
  return readOptions('classifier', rules, classifierDefaults, given)
}
