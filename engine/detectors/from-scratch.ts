/** What families that are trained from nothing share: pictures at one size, and the way from them to a bundle. */
import type { JsonValue } from '../../schemas/bundle.ts'
import { encodeModel } from '../graph/encode.ts'
import type { Graph } from '../graph/graph.ts'
import type { FloatImage } from '../training/augment/float-image.ts'
import { loadPictures } from '../training/pictures.ts'
import type { PictureGeometry } from '../training/pictures.ts'
import type { FitContext, FittedBundle, GoodImage } from './detector.ts'
import { finishBundle } from './finished-bundle.ts'
import { FitWork } from './fit-work.ts'
import { calibrationSplit } from './hold-out.ts'
import { survey } from './picture-survey.ts'

export interface ScratchFamily {
  family: string
  /** Of the bundle, behind the family's. */
  name: string
  size: number
  /** As resolved. */
  options: { [option: string]: JsonValue }
  /** The bundle's graph, learnt from pictures `(size, size, channels)`. */
  learn (pictures: readonly FloatImage[], geometry: PictureGeometry, work: FitWork): Promise<Graph>
}

/** @throws GOODPARTS_TOO_FEW_IMAGES, GOODPARTS_IMAGE_DECODE, GOODPARTS_FIT_CANCELLED, GOODPARTS_FIT_FAILED. */
export async function fitFromScratch (images: readonly GoodImage[], scratch: ScratchFamily, context: FitContext): Promise<FittedBundle> {
  const begun = performance.now()
  const work = new FitWork(context)
  const split = calibrationSplit(images, work.random('calibration'))
  const pictures = await survey(images, work)
  const { family, name, size, options } = scratch
  const geometry: PictureGeometry = { size, channels: pictures.input.channels }
  const learning = work.under('learning')
  const graph = await scratch.learn(await loadPictures(split.kept, geometry, learning), geometry, learning)
  return finishBundle({ family, name: `${family} ${name}`, model: encodeModel(graph), options, split, pictures, trials: [], begun }, work)
}
