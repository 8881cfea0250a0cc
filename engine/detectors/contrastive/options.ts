/** What a contrastive detector can be told, checked before any work. */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { GoodpartsError } from '../../errors.ts'
import type { NuisanceName } from '../../training/augment/nuisances.ts'
import { augmentationRule, namedNuisances } from '../augmentation-selection/augmentation-option.ts'
import type { AugmentationOption } from '../augmentation-selection/augmentation-option.ts'
import { numberFrom, oneOf, readOptions, wholeFrom, type Rule } from '../option-rules.ts'

export type ContrastiveMethod = 'cutpaste' | 'simclr' | 'csi'

export type Pasted = 'both' | 'paste' | 'scar'

export interface ContrastiveOptions {
  /** What the encoder is trained by: to tell pasted pieces, to know a view again, or that and turns as something else. */
  method: ContrastiveMethod
  /** Input edge in pixels, a multiple of 8. */
  size: number
  /** Edge of the crops that it is trained on. */
  patch: number
  /** Channels of the first layer; features have four times as many. */
  width: number
  /** How features of good parts are kept: the most different ones, or one Gaussian. CSI has a measure of its own. */
  density: 'nearest' | 'gaussian'
  /** Features that are kept. */
  bankSize: number
  /** Train steps. */
  steps: number
  /** Crops in a step, before views and turns. */
  batch: number
  learningRate: number
  /** What crops are changed by in training; for `cutpaste` contrast and brightness, for views also their place, sharpness and side, when not given. */
  augmentation: AugmentationOption
  /** Pieces that `cutpaste` learns to tell: large ones, thin scars, or both. `augmentation: auto` chooses. */
  pasted: Pasted
  /** Deviation of the map's smoothing, pixels of the resized picture. */
  mapSigma: number
}

export const contrastiveDefaults: ContrastiveOptions = {
  method: 'cutpaste',
  size: 256,
  patch: 64,
  width: 12,
  density: 'nearest',
  bankSize: 1000,
  steps: 1200,
  batch: 12,
  learningRate: 0.002,
  augmentation: ['contrast', 'brightness'],
  pasted: 'both',
  mapSigma: 4
}

const rules: Record<keyof ContrastiveOptions, Rule> = {
  method: oneOf('cutpaste', 'simclr', 'csi'),
  size: { expected: 'a multiple of 8 from 32 to 2048', holds: (value) => wholeFrom(32, 2048).holds(value) && (value as number) % 8 === 0 },
  patch: { expected: 'a multiple of 8 from 16 to 512', holds: (value) => wholeFrom(16, 512).holds(value) && (value as number) % 8 === 0 },
  width: wholeFrom(1, 256),
  density: oneOf('nearest', 'gaussian'),
  bankSize: wholeFrom(1, 20_000),
  steps: wholeFrom(1, 1_000_000),
  batch: wholeFrom(2, 256),
  learningRate: numberFrom(1e-7, 1),
  augmentation: augmentationRule,
  pasted: oneOf('both', 'paste', 'scar'),
  mapSigma: numberFrom(0, 64)
}

/** What makes two views of one crop. */
const viewNuisances: NuisanceName[] = ['shift', 'contrast', 'brightness', 'blur', 'mirror']

/** @throws GOODPARTS_ARGUMENT for an option that does not exist or a value that it cannot have, also beside the method. */
export function readContrastiveOptions (given: Readonly<Record<string, JsonValue>>): ContrastiveOptions {
  const options = readOptions('contrastive', rules, contrastiveDefaults, given)
  if (options.method === 'csi' && namedNuisances(options.augmentation).includes('turn')) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected the augmentation of csi, which takes a turn for something else, to leave turn out, got turn among it',
      { fix: 'Leave turn out, or take method simclr, to which a turned view is the same.' })
  }
  const usual = given['augmentation'] === undefined && options.method !== 'cutpaste' ? { augmentation: viewNuisances } : {}
  return { ...options, ...usual, patch: Math.min(options.patch, options.size) }
}
