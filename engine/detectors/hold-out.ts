/** Good parts that the fit does not see: for the scale's choice and for calibration. Pictures of one part stay together where there are others. */
import { GoodpartsError } from '../errors.ts'
import { permutation } from '../random.ts'
import type { Random } from '../random.ts'
import type { GoodImage } from './detector.ts'

export interface HoldOut {
  kept: GoodImage[]
  heldOut: GoodImage[]
  /** `group` when some part has several pictures: whole parts were held out. */
  by: 'group' | 'image'
}

export interface HoldOutOptions {
  /** Share of the pictures. */
  share: number
  atLeast: number
  atMost?: number
}

/** Fewer than these cannot carry a memory and a limit. */
export const fewestToLearn = 10
export const fewestToCalibrate = 10

/**
 * The data set's own calibration pictures where it marks some, else a fifth of the pictures, at least ten.
 * @throws GOODPARTS_TOO_FEW_IMAGES; GOODPARTS_ARGUMENT when a group stands on both sides of the data set's own split.
 */
export function calibrationSplit (images: readonly GoodImage[], random: Random): HoldOut {
  const split = images.some(({ calibration }) => calibration)
    ? markedSplit(images)
    : drawnParts(images, [...grouped(images).values()], { share: 0.2, atLeast: fewestToCalibrate }, random)
  const fewest = fewestToLearn + fewestToCalibrate
  if (images.length < fewest) {
    throw new GoodpartsError('GOODPARTS_TOO_FEW_IMAGES',
      `Expected at least ${fewest} pictures of good parts, ${fewestToLearn} to learn from and ${fewestToCalibrate} to calibrate on, got ${images.length}`,
      { fix: `Give at least ${fewest} pictures, of more than one part; 60 and more give a limit worth trusting.` })
  }
  if (split.kept.length < fewestToLearn || split.heldOut.length < fewestToCalibrate) {
    throw new GoodpartsError('GOODPARTS_TOO_FEW_IMAGES',
      `Expected at least ${fewestToLearn} pictures of good parts to learn from and ${fewestToCalibrate} to calibrate on, got ${split.kept.length} and ${split.heldOut.length}`,
      { fix: `Give pictures of more parts: those of one part stay on one side. A data set that marks its calibration pictures marks at least ${fewestToCalibrate} and leaves ${fewestToLearn}.` })
  }
  return split
}

/**
 * Whole parts drawn at random until there are enough; at least one is kept. Of a single part, pictures: what is chosen by them is chosen by
 * something, where nothing held out would make every choice as good as every other. A limit is not to be had that way, see `calibrationSplit`.
 */
export function holdOut (images: readonly GoodImage[], options: HoldOutOptions, random: Random): HoldOut {
  const groups = [...grouped(images).values()]
  return drawnParts(images, groups.length > 1 ? groups : images.map((image) => [image]), options, random)
}

function drawnParts (images: readonly GoodImage[], groups: readonly GoodImage[][], { share, atLeast, atMost = Infinity }: HoldOutOptions, random: Random): HoldOut {
  const wanted = Math.min(atMost, Math.max(atLeast, Math.round(share * images.length)))
  const heldOut = new Set<GoodImage>()
  for (const index of permutation(groups.length, random).subarray(1)) {
    if (heldOut.size >= wanted) break
    for (const image of groups[index] as GoodImage[]) heldOut.add(image)
  }
  return { kept: images.filter((image) => !heldOut.has(image)), heldOut: images.filter((image) => heldOut.has(image)), by: heldOutBy(groups) }
}

/** `null` when no picture says which part it shows. */
export function groupCount (images: readonly GoodImage[]): number | null {
  return images.every(({ group }) => group === null) ? null : grouped(images).size
}

function markedSplit (images: readonly GoodImage[]): HoldOut {
  const groups = [...grouped(images).values()]
  const torn = groups.find((group) => new Set(group.map(({ calibration }) => calibration)).size > 1)
  if (torn !== undefined) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected all pictures of part ${torn[0]?.group ?? ''} to be on one side of the calibration split, got both`)
  }
  return { kept: images.filter(({ calibration }) => !calibration), heldOut: images.filter(({ calibration }) => calibration), by: heldOutBy(groups) }
}

function heldOutBy (groups: readonly GoodImage[][]): 'group' | 'image' {
  return groups.some(({ length }) => length > 1) ? 'group' : 'image'
}

/** A picture without a group is a part of its own. */
function grouped (images: readonly GoodImage[]): Map<string, GoodImage[]> {
  const groups = new Map<string, GoodImage[]>()
  for (const [index, image] of images.entries()) {
    const key = image.group === null ? `picture ${index}` : `part ${image.group}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [image])
    else group.push(image)
  }
  return groups
}
