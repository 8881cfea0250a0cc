/** What a patch memory can be told, checked before any work. */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { GoodpartsError } from '../../errors.ts'
import type { Normalisation } from './image-input.ts'

export interface PatchMemoryOptions {
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
  /** b of the reweighted image score; 1 = none. */
  reweightNeighbours: number
  /** Deviation of the map's smoothing, pixels of the resized picture. */
  mapSigma: number
  /** Choices of `auto` that are slower here, one thread, are not taken; 0 = any speed. */
  targetImagesPerSecond: number
  /** `efficientnet-lite0` or the path of an ONNX file that takes float32 `(N, 3, H, W)`. */
  backbone: string
  /** Tensors of another backbone, fine to coarse. */
  backboneLayers: string[]
  /** Of another backbone: what its pictures were normalised by, on 0 to 255. */
  backboneMean: number[]
  backboneDeviation: number[]
}

export const patchMemoryDefaults: PatchMemoryOptions = {
  scale: 'auto',
  size: 'auto',
  bankSize: 'auto',
  components: 'auto',
  whitening: 'auto',
  normalisation: 'auto',
  reweightNeighbours: 9,
  mapSigma: 4,
  targetImagesPerSecond: 0,
  backbone: 'efficientnet-lite0',
  backboneLayers: [],
  backboneMean: [123.675, 116.28, 103.53],
  backboneDeviation: [58.395, 57.12, 57.375]
}

interface Rule { expected: string, holds (value: JsonValue): boolean }

const wholeFrom = (least: number, most: number): Rule => ({
  expected: `a whole number from ${least} to ${most}`,
  holds: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most
})
const numberFrom = (least: number, most: number): Rule => ({
  expected: `a number from ${least} to ${most}`,
  holds: (value) => typeof value === 'number' && value >= least && value <= most
})
const oneOf = (...values: Array<string | boolean>): Rule => ({ expected: `one of ${values.join(', ')}`, holds: (value) => values.includes(value as string) })
const text: Rule = { expected: 'a text', holds: (value) => typeof value === 'string' && value !== '' }
const orAuto = (rule: Rule): Rule => ({ expected: `auto or ${rule.expected}`, holds: (value) => value === 'auto' || rule.holds(value) })
const threeNumbers: Rule = { expected: 'three numbers', holds: (value) => Array.isArray(value) && value.length === 3 && value.every((item) => typeof item === 'number' && Number.isFinite(item)) }

const rules: Record<keyof PatchMemoryOptions, Rule> = {
  scale: text,
  size: orAuto(wholeFrom(32, 2048)),
  bankSize: orAuto(wholeFrom(1, 20_000)),
  components: orAuto(wholeFrom(1, 4096)),
  whitening: orAuto(oneOf(true, false)),
  normalisation: orAuto(oneOf('backbone', 'image')),
  reweightNeighbours: wholeFrom(1, 100),
  mapSigma: numberFrom(0, 64),
  targetImagesPerSecond: numberFrom(0, 100_000),
  backbone: text,
  backboneLayers: { expected: 'a list of tensor names', holds: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string') },
  backboneMean: threeNumbers,
  backboneDeviation: threeNumbers
}

/** @throws GOODPARTS_ARGUMENT for an option that does not exist or a value that it cannot have. */
export function readPatchMemoryOptions (given: Readonly<Record<string, JsonValue>>): PatchMemoryOptions {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(rules, name)) {
      throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected an option of patch-memory (${Object.keys(rules).join(', ')}), got ${name}`)
    }
    const rule = rules[name as keyof PatchMemoryOptions]
    if (!rule.holds(value)) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${name} to be ${rule.expected}, got ${JSON.stringify(value)}`)
  }
  return { ...patchMemoryDefaults, ...given }
}
