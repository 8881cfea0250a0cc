/**
 * What may vary from one good part to the next. Each is drawn anew for each picture, about as strong as lines have it; whether a product has it
 * at all is found by `detectors/augmentation-selection`.
 */
import { normal } from '../../random.ts'
import type { Random } from '../../random.ts'
import type { FloatImage } from './float-image.ts'
import { flip, flipUpsideDown, move, rotate, turn } from './geometry.ts'
import { adjustTone, blur } from './tone.ts'

export interface Nuisance {
  /** For a sentence: "good parts may be ones that …". */
  readonly says: string
  /** Share of the pictures that are changed by it in training. */
  readonly share: number
  apply (image: FloatImage, random: Random): FloatImage
  /** What the operation does to a picture besides, such as to interpolate: a test compares with this. */
  untouched? (image: FloatImage): FloatImage
}

/** Share of the edge. */
const furthestMove = 0.03
const furthestTurn = 5 * Math.PI / 180
/** Interpolates between pixels as every other turn does, and turns next to nothing. */
const leastTurn = 0.2 * Math.PI / 180
const brightness = 15
const contrast = 0.15
const sharpness = { least: 0.3, most: 1 }
const grain = { least: 1, most: 4 }

const symmetric = (most: number, random: Random): number => most * (2 * random() - 1)
const between = ({ least, most }: { least: number, most: number }, random: Random): number => least + (most - least) * random()

const all = {
  shift: {
    says: 'lie a little off',
    share: 1,
    apply: (image, random) => move(image, Math.round(symmetric(furthestMove * image.width, random)), Math.round(symmetric(furthestMove * image.height, random)))
  },
  rotation: {
    says: 'lie turned by up to 5 degrees',
    share: 1,
    apply: (image, random) => rotate(image, (random() < 0.5 ? -1 : 1) * (leastTurn + (furthestTurn - leastTurn) * random())),
    untouched: (image) => rotate(image, leastTurn)
  },
  contrast: { says: 'have more or less contrast', share: 1, apply: (image, random) => adjustTone(image, 1 + symmetric(contrast, random), 0) },
  brightness: { says: 'are brighter or darker', share: 1, apply: (image, random) => adjustTone(image, 1, symmetric(brightness, random)) },
  blur: { says: 'are less sharp', share: 0.3, apply: (image, random) => blur(image, between(sharpness, random)) },
  noise: {
    says: 'are grainier',
    share: 0.3,
    apply: (image, random) => {
      const deviation = between(grain, random)
      return { ...image, data: image.data.map((value) => value + deviation * normal(random)) }
    }
  },
  mirror: { says: 'are mirrored', share: 0.5, apply: (image) => flip(image) },
  flip: { says: 'stand on their head, mirrored', share: 0.5, apply: (image) => flipUpsideDown(image) },
  turn: { says: 'lie turned by 90, 180 or 270 degrees', share: 0.75, apply: (image, random) => turn(image, 1 + Math.floor(3 * random())) }
} satisfies Record<string, Nuisance>

export type NuisanceName = keyof typeof all
export const nuisances: Readonly<Record<NuisanceName, Nuisance>> = all
export const nuisanceNames = Object.keys(all) as readonly NuisanceName[]

/** Each of them for its share of the pictures, in the order above. A quarter turn exchanges width and height. */
export function varied (image: FloatImage, names: readonly NuisanceName[], random: Random): FloatImage {
  return nuisanceNames.filter((name) => names.includes(name)).reduce((made, name) => {
    const nuisance = nuisances[name]
    return nuisance.share === 1 || random() < nuisance.share ? nuisance.apply(made, random) : made
  }, image)
}
