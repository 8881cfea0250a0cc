/** Crops for a train step, drawn by its number alone. */
import type { Random } from '../../random.ts'
import { cutPaste, cutPasteScar } from '../../training/augment/cut-paste.ts'
import { writePlanes } from '../../training/augment/float-image.ts'
import type { FloatImage } from '../../training/augment/float-image.ts'
import { crop, flip, turn } from '../../training/augment/geometry.ts'
import { adjustTone, blur } from '../../training/augment/tone.ts'
import { greyLevels } from '../../training/pictures.ts'
import { drawn, stepRandom } from '../../training/step-random.ts'
import type { Feeds } from '../../training/train.ts'
import { cropsPerStep, turns } from './encoder.ts'
import type { ContrastiveMethod } from './options.ts'

/** What varies among good parts: contrast and brightness, a move of the crop, sharpness. */
const nuisance = { contrast: 0.15, brightness: 15, move: 6, sigma: 0.8 }

export interface CropSettings {
  method: ContrastiveMethod
  patch: number
  batch: number
  seed: number
}

export function cropFeeds (pictures: readonly FloatImage[], { method, patch, batch, seed }: CropSettings, step: number): Feeds {
  const random = stepRandom(seed, step)
  const chosen = drawn(pictures, batch, random)
  const count = cropsPerStep(method, batch)
  const channels = chosen[0]?.channels ?? 1
  const data = new Float32Array(count * channels * patch * patch)
  chosen.forEach((picture, index) => {
    cropsOf(picture, method, patch, random).forEach((made, kind) => { writePlanes(made, data, kind * batch + index, greyLevels) })
  })
  return { crops: { type: 'float32', dims: [count, channels, patch, patch], data } }
}

/** In the order of the network's classes: kinds, or views and within them turns. */
function cropsOf (picture: FloatImage, method: ContrastiveMethod, patch: number, random: Random): FloatImage[] {
  if (method === 'cutpaste') {
    const [one, two, three] = [placed(picture, patch, random), placed(picture, patch, random), placed(picture, patch, random)] as const
    return [one, cutPaste(two, random).image, cutPasteScar(three, random).image].map((made) => retoned(made, random))
  }
  const base = { x: Math.floor(random() * (picture.width - patch + 1)), y: Math.floor(random() * (picture.height - patch + 1)) }
  const views = [view(picture, patch, base, random), view(picture, patch, base, random)]
  if (method === 'simclr') return views
  return views.flatMap((each) => Array.from({ length: turns }, (_, quarters) => turn(each, quarters)))
}

function placed (picture: FloatImage, patch: number, random: Random): FloatImage {
  return crop(picture, { x: Math.floor(random() * (picture.width - patch + 1)), y: Math.floor(random() * (picture.height - patch + 1)), width: patch, height: patch })
}

function view (picture: FloatImage, patch: number, { x, y }: { x: number, y: number }, random: Random): FloatImage {
  const moved = (along: number, room: number): number => Math.min(room, Math.max(0, along + Math.round(nuisance.move * (2 * random() - 1))))
  const made = crop(picture, { x: moved(x, picture.width - patch), y: moved(y, picture.height - patch), width: patch, height: patch })
  const mirrored = random() < 0.5 ? flip(made) : made
  return retoned(random() < 0.3 ? blur(mirrored, 0.2 + nuisance.sigma * random()) : mirrored, random)
}

function retoned (image: FloatImage, random: Random): FloatImage {
  return adjustTone(image, 1 + nuisance.contrast * (2 * random() - 1), nuisance.brightness * (2 * random() - 1))
}
