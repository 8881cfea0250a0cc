/** Crops for a train step, drawn by its number alone. */
import type { Random } from '../../random.ts'
import { cutPaste, cutPasteScar } from '../../training/augment/cut-paste.ts'
import { writePlanes } from '../../training/augment/float-image.ts'
import type { FloatImage } from '../../training/augment/float-image.ts'
import { crop, turn } from '../../training/augment/geometry.ts'
import { varied } from '../../training/augment/nuisances.ts'
import type { NuisanceName } from '../../training/augment/nuisances.ts'
import { greyLevels } from '../network-pictures.ts'
import { drawn, stepRandom } from '../../training/step-random.ts'
import type { Feeds } from '../../training/train.ts'
import { cropsPerStep, turns } from './encoder.ts'
import type { ContrastiveMethod, Pasted } from './options.ts'

/** Pixels that a second view may lie off. */
const furthestMove = 6

export interface CropSettings {
  method: ContrastiveMethod
  patch: number
  batch: number
  seed: number
  pasted: Pasted
  nuisances: readonly NuisanceName[]
}

export function cropFeeds (pictures: readonly FloatImage[], settings: CropSettings, step: number): Feeds {
  const { patch, batch, seed } = settings
  const random = stepRandom(seed, step)
  const chosen = drawn(pictures, batch, random)
  const count = cropsPerStep(settings, batch)
  const channels = chosen[0]?.channels ?? 1
  const data = new Float32Array(count * channels * patch * patch)
  chosen.forEach((picture, index) => {
    cropsOf(picture, settings, random).forEach((made, kind) => { writePlanes(made, data, kind * batch + index, greyLevels) })
  })
  return { crops: { type: 'float32', dims: [count, channels, patch, patch], data } }
}

/** In the order of the network's classes: kinds, or views and within them turns. */
function cropsOf (picture: FloatImage, settings: CropSettings, random: Random): FloatImage[] {
  const { method, patch, pasted, nuisances } = settings
  if (method === 'cutpaste') {
    const makers = [(made: FloatImage) => made, ...(pasted === 'scar' ? [] : [pasteInto]), ...(pasted === 'paste' ? [] : [scarInto])]
    const pieces = makers.map(() => placed(picture, patch, random))
    return makers.map((make, kind) => make(pieces[kind] as FloatImage, random)).map((made) => varied(made, nuisances, random))
  }
  const base = { x: Math.floor(random() * (picture.width - patch + 1)), y: Math.floor(random() * (picture.height - patch + 1)) }
  const views = [view(picture, settings, base, random), view(picture, settings, base, random)]
  if (method === 'simclr') return views
  return views.flatMap((each) => Array.from({ length: turns }, (_, quarters) => turn(each, quarters)))
}

function pasteInto (image: FloatImage, random: Random): FloatImage {
  return cutPaste(image, random).image
}

function scarInto (image: FloatImage, random: Random): FloatImage {
  return cutPasteScar(image, random).image
}

function placed (picture: FloatImage, patch: number, random: Random): FloatImage {
  return crop(picture, { x: Math.floor(random() * (picture.width - patch + 1)), y: Math.floor(random() * (picture.height - patch + 1)), width: patch, height: patch })
}

/** Shifted as a crop, so that nothing is continued beyond its border. */
function view (picture: FloatImage, { patch, nuisances }: CropSettings, { x, y }: { x: number, y: number }, random: Random): FloatImage {
  const most = nuisances.includes('shift') ? furthestMove : 0
  const moved = (along: number, room: number): number => Math.min(room, Math.max(0, along + Math.round(most * (2 * random() - 1))))
  const made = crop(picture, { x: moved(x, picture.width - patch), y: moved(y, picture.height - patch), width: patch, height: patch })
  return varied(made, nuisances.filter((name) => name !== 'shift'), random)
}
