/** What families that are trained from nothing share: pictures at one size, and the way from them to a bundle. */
import type { JsonValue } from '../../schemas/bundle.ts'
import { encodeModel } from '../graph/encode.ts'
import type { Graph } from '../graph/graph.ts'
import type { FloatImage } from '../training/augment/float-image.ts'
import { asOption, namedNuisances } from './augmentation-selection/augmentation-option.ts'
import type { AugmentationOption } from './augmentation-selection/augmentation-option.ts'
import { selectAugmentation } from './augmentation-selection/select.ts'
import type { AugmentationRequest, AugmentationSet } from './augmentation-selection/select.ts'
import type { FitContext, FittedBundle, GoodImage } from './detector.ts'
import { finishBundle } from './finished-bundle.ts'
import { FitWork } from './fit-work.ts'
import { calibrationSplit } from './hold-out.ts'
import { loadPictures } from './network-pictures.ts'
import type { PictureGeometry } from './network-pictures.ts'
import { survey } from './picture-survey.ts'
import { spread } from './proxy-choice.ts'

export interface ScratchFamily {
  family: string
  /** Of the bundle, behind the family's. */
  name (set: AugmentationSet): string
  size: number
  augmentation: AugmentationOption
  /** What it was told to take for something else. */
  shifts: AugmentationSet['shifts']
  /** How `auto` chooses. */
  selection: Pick<AugmentationRequest, 'patch' | 'nuisances' | 'shifts' | 'sets' | 'trainedOperators'>
  /** As resolved, for the set that is used; `augmentation` is added. */
  options (set: AugmentationSet): { [option: string]: JsonValue }
  /** The bundle's graph, learnt from pictures `(size, size, channels)`. @param brief Whether it is to take few steps, as it is for a trial only. */
  learn (pictures: readonly FloatImage[], geometry: PictureGeometry, set: AugmentationSet, work: FitWork, brief: boolean): Promise<Graph>
}

/** Bytes of pictures that are kept as floats while a network is trained on them. */
const defaultBudget = 640 * 2 ** 20

/**
 * @param budget Bytes of pictures that may be kept for training; of more, as many as fit are taken, evenly over the list.
 * @throws GOODPARTS_TOO_FEW_IMAGES, GOODPARTS_IMAGE_DECODE, GOODPARTS_FIT_CANCELLED, GOODPARTS_FIT_FAILED.
 */
export async function fitFromScratch (images: readonly GoodImage[], scratch: ScratchFamily, context: FitContext, budget = defaultBudget): Promise<FittedBundle> {
  const begun = performance.now()
  const work = new FitWork(context)
  const split = calibrationSplit(images, work.random('calibration'))
  const pictures = await survey(images, work)
  const { family, size, augmentation, shifts, selection } = scratch
  const geometry: PictureGeometry = { size, channels: pictures.input.channels }
  const most = Math.max(1, Math.floor(budget / (geometry.channels * size * size * Float32Array.BYTES_PER_ELEMENT)))
  const learn = async (some: readonly GoodImage[], set: AugmentationSet, part: FitWork, brief: boolean): Promise<Graph> =>
    scratch.learn(await loadPictures(spread(some, most), geometry, part), geometry, set, part, brief)
  const selected = augmentation !== 'auto'
    ? null
    : await work.remember('augmentation', () => selectAugmentation({
      ...selection,
      images: split.kept,
      load: (some, part) => loadPictures(some, geometry, part),
      trial: async (set, some, part) => encodeModel(await learn(some, set, part, true))
    }, work))
  const set = selected?.set ?? { nuisances: namedNuisances(augmentation), shifts }
  const graph = await learn(split.kept, set, work.learning(), false)
  const options = { ...scratch.options(set), augmentation: asOption(set.nuisances) }
  return finishBundle({ family, name: `${family} ${scratch.name(set)}`, model: encodeModel(graph), options, split, pictures, trials: [], begun, augmentation: selected?.choice }, work)
}
