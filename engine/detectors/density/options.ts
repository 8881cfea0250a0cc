/** What a density can be told. */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { encoderDefaults, type EncoderOptions } from '../backbone-features/chosen-backbone.ts'
import type { Normalisation } from '../backbone-features/image-input.ts'
import { encoderRules, numberFrom, oneOf, orAuto, readOptions, text, wholeFrom, type Rule } from '../option-rules.ts'

export type DensityModel = 'pooled' | 'position-wise'

export interface DensityOptions extends EncoderOptions {
  /** `pooled`: one Gaussian of the whole picture's features. `position-wise`: one of each position's (PaDiM). */
  model: DensityModel
  /** `auto`, or a layer set of the backbone: `fine`, `standard`, `three`. */
  scale: string
  /** Input edge in pixels. */
  size: 'auto' | number
  /** Features drawn at random for `position-wise`, d of the paper; `pooled` takes all. */
  channels: 'auto' | number
  normalisation: Normalisation
  /** Deviation of the map's smoothing, pixels of the resized picture. */
  mapSigma: number
  /** Choices of `auto` that are slower here, one thread, are not taken; 0 = any speed. */
  targetImagesPerSecond: number
}

export const densityDefaults: DensityOptions = {
  model: 'position-wise',
  scale: 'auto',
  size: 'auto',
  channels: 'auto',
  normalisation: 'backbone',
  mapSigma: 4,
  targetImagesPerSecond: 0,
  ...encoderDefaults
}

const rules: Record<keyof DensityOptions, Rule> = {
  model: oneOf('pooled', 'position-wise'),
  scale: text,
  size: orAuto(wholeFrom(32, 2048)),
  channels: orAuto(wholeFrom(1, 4096)),
  normalisation: oneOf('backbone', 'image'),
  mapSigma: numberFrom(0, 64),
  targetImagesPerSecond: numberFrom(0, 100_000),
  ...encoderRules
}

/** @throws GOODPARTS_ARGUMENT for an option that does not exist or a value that it cannot have. */
export function readDensityOptions (given: Readonly<Record<string, JsonValue>>): DensityOptions {
  return readOptions('density', rules, densityDefaults, given)
}
