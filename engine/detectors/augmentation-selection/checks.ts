/** Both checks on good parts: what varies among them anyway, and what makes something else of them. */
import type { Random } from '../../random.ts'
import { cutPaste, cutPasteScar } from '../../training/augment/cut-paste.ts'
import type { FloatImage } from '../../training/augment/float-image.ts'
import { crop, turn } from '../../training/augment/geometry.ts'
import { nuisances } from '../../training/augment/nuisances.ts'
import type { NuisanceName } from '../../training/augment/nuisances.ts'
import type { FitWork } from '../fit-work.ts'
import { PictureRows } from './picture-rows.ts'
import { recognised, toldApart } from './two-sample-test.ts'
import type { Kinds } from './two-sample-test.ts'

/** A picture, and which of the two halves of the parts it belongs to. */
export interface CheckedPicture {
  image: FloatImage
  fold: 0 | 1
}

export interface NuisanceCheck {
  name: NuisanceName
  /** AUROC with which changed good parts are told from untouched ones: 0.5 = not at all. */
  auroc: number
  accepted: boolean
}

export interface ShiftCheck {
  name: ShiftName
  /** Share of held-out pictures whose kind is recognised. */
  accuracy: number
  accepted: boolean
}

/** Told apart better than this, an operation makes something that good parts are not. Chance alone stays below with thirty parts and more. */
export const safeBelow = 0.7
/** Recognised more rarely than this, the data is invariant to a shift, or nearly (CSI, Tack et al. 2020, § 2.2). */
export const recognisedFrom = 0.9

/** Share of the edge that is cut off on each side after an operation: what came in from outside is not to give it away. */
const margin = 0.125

/** All kinds of one picture, the first untouched. */
const shiftKinds = {
  turns: (image: FloatImage): FloatImage[] => [0, 1, 2, 3].map((quarters) => turn(image, quarters)),
  paste: (image: FloatImage, random: Random): FloatImage[] => [image, cutPaste(image, random).image],
  scar: (image: FloatImage, random: Random): FloatImage[] => [image, cutPasteScar(image, random).image]
}
export type ShiftName = keyof typeof shiftKinds

export async function checkNuisances (names: readonly NuisanceName[], pictures: readonly CheckedPicture[], work: FitWork): Promise<NuisanceCheck[]> {
  const { image: first } = pictures[0] as CheckedPicture
  const rows = await PictureRows.open(first.width, work.threads)
  try {
    const untouched = await Promise.all(pictures.map(({ image }) => rows.row(middle(image))))
    const checks: NuisanceCheck[] = []
    for (const [index, name] of names.entries()) {
      await work.step('nuisances', index, names.length)
      const nuisance = nuisances[name]
      const random = work.random('training')
      const parts: Kinds[] = []
      for (const [place, { image }] of pictures.entries()) {
        const good = nuisance.untouched === undefined ? untouched[place] as Float32Array : await rows.row(middle(nuisance.untouched(image)))
        parts.push({ rows: [good, await rows.row(middle(nuisance.apply(image, random)))] })
        await work.breathe()
      }
      const auroc = toldApart(parts, (place) => pictures[place]?.fold ?? 0)
      checks.push({ name, auroc, accepted: auroc < safeBelow })
    }
    return checks
  } finally {
    await rows.close()
  }
}

/** @param views Of each picture those that training will see: the whole, or crops. */
export async function checkShifts (names: readonly ShiftName[], views: readonly CheckedPicture[], work: FitWork): Promise<ShiftCheck[]> {
  const { image: first } = views[0] as CheckedPicture
  const rows = await PictureRows.open(first.width, work.threads)
  try {
    const checks: ShiftCheck[] = []
    for (const [index, name] of names.entries()) {
      await work.step('shifts', index, names.length)
      const random = work.random('training')
      const parts: Kinds[] = []
      for (const { image } of views) {
        const kinds: Float32Array[] = []
        for (const kind of shiftKinds[name](image, random)) kinds.push(await rows.row(kind))
        parts.push({ rows: kinds })
        await work.breathe()
      }
      const accuracy = recognised(parts, (place) => views[place]?.fold ?? 0)
      checks.push({ name, accuracy, accepted: accuracy >= recognisedFrom })
    }
    return checks
  } finally {
    await rows.close()
  }
}

function middle (image: FloatImage): FloatImage {
  const { width, height } = image
  const [x, y] = [Math.round(margin * width), Math.round(margin * height)]
  return crop(image, { x, y, width: width - 2 * x, height: height - 2 * y })
}
