/** What a template difference can be told. */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { numberFrom, orAuto, readOptions, wholeFrom, type Rule } from '../option-rules.ts'

export interface TemplateOptions {
  /** Longer edge in pixels that pictures are compared at; `auto`: their own, up to 640. */
  size: 'auto' | number
  /** Pixels of the resized picture that a part may lie off its template, along each axis. */
  shift: number
  /** Templates: kinds of good part that look unlike each other. */
  variants: 'auto' | number
  /** Deviations of the good parts that a pixel may differ. */
  tolerance: number
  /** Grey levels that it may differ in any case. */
  floor: number
  /** Pixels around within which the template may hold what the part shows. */
  neighbourhood: number
  /** Deviation of the map's smoothing, pixels of the resized picture. */
  mapSigma: number
  /** Choices of `auto` that are slower here, one thread, are not taken; 0 = any speed. */
  targetImagesPerSecond: number
}

export const templateDefaults: TemplateOptions = {
  size: 'auto',
  shift: 8,
  variants: 'auto',
  tolerance: 3,
  floor: 8,
  neighbourhood: 1,
  mapSigma: 1,
  targetImagesPerSecond: 0
}

const rules: Record<keyof TemplateOptions, Rule> = {
  size: orAuto(wholeFrom(32, 2048)),
  shift: wholeFrom(0, 64),
  variants: orAuto(wholeFrom(1, 64)),
  tolerance: numberFrom(0, 20),
  floor: numberFrom(1, 128),
  neighbourhood: wholeFrom(0, 8),
  mapSigma: numberFrom(0, 16),
  targetImagesPerSecond: numberFrom(0, 100_000)
}

/** @throws GOODPARTS_ARGUMENT for an option that does not exist or a value that it cannot have. */
export function readTemplateOptions (given: Readonly<Record<string, JsonValue>>): TemplateOptions {
  return readOptions('template-difference', rules, templateDefaults, given)
}
