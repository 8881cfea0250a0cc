/** What a patch memory can be told, checked before any work. */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { encoderDefaults, type EncoderOptions } from '../backbone-features/chosen-backbone.ts'
import type { Normalisation } from '../backbone-features/image-input.ts'
import { encoderRules, numberFrom, oneOf, orAuto, readOptions, text, wholeFrom, type Rule } from '../option-rules.ts'

export interface PatchMemoryOptions extends EncoderOptions {
  /** `auto`, or a layer set of the backbone: `fine`, `standard`, `three`. */
  scale: string
  /** Input edge in pixels. */
  size: 'auto' | number
  /** Entries of the memory bank. */
  bankSize: 'auto' | number
  /** Numbers per entry after the principal components. */
  components: 'auto' | number
  /** Divide each feature by its own deviation. */
  whitening: 'auto' | boolean
  normalisation: 'auto' | Normalisation
  /** Distances in units of the picture's own median distance. Drawn defects do not tell whether it helps, so nothing chooses it. */
  relative: boolean
  /** Nearest entries whose mean distance is that of a patch; 1 = the nearest alone. */
  k: number
  /** b of the reweighted image score; 1 = none. */
  reweightNeighbours: number
  /** Deviation of the map's smoothing, pixels of the resized picture. */
  mapSigma: number
  /** Choices of `auto` that are slower here, one thread, are not taken; 0 = any speed. */
  targetImagesPerSecond: number
}

export const patchMemoryDefaults: PatchMemoryOptions = {
  scale: 'auto',
  size: 'auto',
  bankSize: 'auto',
  components: 'auto',
  whitening: 'auto',
  normalisation: 'auto',
  relative: false,
  k: 1,
  reweightNeighbours: 9,
  mapSigma: 4,
  targetImagesPerSecond: 0,
  ...encoderDefaults
}

const rules: Record<keyof PatchMemoryOptions, Rule> = {
  scale: text,
  size: orAuto(wholeFrom(32, 2048)),
  bankSize: orAuto(wholeFrom(1, 20_000)),
  components: orAuto(wholeFrom(1, 4096)),
  whitening: orAuto(oneOf(true, false)),
  normalisation: orAuto(oneOf('backbone', 'image')),
  relative: oneOf(true, false),
  k: wholeFrom(1, 100),
  reweightNeighbours: wholeFrom(1, 100),
  mapSigma: numberFrom(0, 64),
  targetImagesPerSecond: numberFrom(0, 100_000),
  ...encoderRules
}

/** @throws GOODPARTS_ARGUMENT for an option that does not exist or a value that it cannot have. */
export function readPatchMemoryOptions (given: Readonly<Record<string, JsonValue>>): PatchMemoryOptions {
  return readOptions('patch-memory', rules, patchMemoryDefaults, given)
}
