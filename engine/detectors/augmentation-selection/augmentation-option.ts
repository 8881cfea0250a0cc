/** The option `augmentation` of families that are trained. */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { nuisanceNames } from '../../training/augment/nuisances.ts'
import type { NuisanceName } from '../../training/augment/nuisances.ts'
import type { Rule } from '../option-rules.ts'

/** `auto` chooses by good parts and drawn defects; `none` changes nothing. */
export type AugmentationOption = 'auto' | 'none' | NuisanceName[]

export const augmentationRule: Rule = {
  expected: `auto, none or a list of ${nuisanceNames.join(', ')}`,
  holds: (value) => value === 'auto' || value === 'none' || (Array.isArray(value) && value.every(isNuisance))
}

function isNuisance (value: JsonValue): boolean {
  return nuisanceNames.some((name) => name === value)
}

/** The names given; `auto` gives none yet. */
export function namedNuisances (option: AugmentationOption): readonly NuisanceName[] {
  return typeof option === 'string' ? [] : option
}

/** As a bundle says what was used. */
export function asOption (names: readonly string[]): JsonValue {
  return names.length === 0 ? 'none' : [...names]
}
