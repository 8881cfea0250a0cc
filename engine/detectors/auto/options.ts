/** What the choice of a family can be told. */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { numberFrom, orAuto, readOptions, text, wholeFrom, type Rule } from '../option-rules.ts'

export interface AutoOptions {
  /** Families to choose from, in order of preference where they are alike. */
  families: string[]
  /** As of the families; given to those that have it. */
  scale: string
  size: 'auto' | number
  targetImagesPerSecond: number
}

/**
 * Those that fit in a minute or two. Families that are trained take many, and drawn defects judge those too kindly that are trained on them:
 * whoever wants them names them.
 */
export const autoDefaults: AutoOptions = {
  families: ['patch-memory', 'density', 'template-difference'],
  scale: 'auto',
  size: 'auto',
  targetImagesPerSecond: 0
}

const rules: Record<keyof AutoOptions, Rule> = {
  families: { expected: 'a list of families', holds: (value) => Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string') },
  scale: text,
  size: orAuto(wholeFrom(32, 2048)),
  targetImagesPerSecond: numberFrom(0, 100_000)
}

/** @throws GOODPARTS_ARGUMENT for an option that does not exist or a value that it cannot have. */
export function readAutoOptions (given: Readonly<Record<string, JsonValue>>): AutoOptions {
  return readOptions('auto', rules, autoDefaults, given)
}
