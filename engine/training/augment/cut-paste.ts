/** A piece of the picture at another place of it (Li et al. 2021, CutPaste, § 2.2 and appendix): looks like a defect, is one to no eye but a trained one's. */
import type { Random } from '../../random.ts'
import { crop, rotate } from './geometry.ts'
import type { Box } from './geometry.ts'
import type { FloatImage } from './float-image.ts'
import { adjustTone } from './tone.ts'

/** Shares of the picture's area, and width to height, of the pasted piece. */
const patchArea = { least: 0.02, most: 0.15 }
const patchAspect = 3.3
/** Pixels of a scar on a picture of 256; smaller pictures get shorter ones. */
const scarWidth = { least: 2, most: 16 }
const scarLength = { least: 10, most: 25 }
const scarReference = 256
const jitter = 0.1

export interface Pasted {
  image: FloatImage
  /** `(H, W)`: 1 where something was pasted. */
  mask: Uint8Array
}

/** A rectangle of 2 to 15 % of the area, its tone changed a little. */
export function cutPaste (image: FloatImage, random: Random): Pasted {
  const area = image.width * image.height * (patchArea.least + (patchArea.most - patchArea.least) * random())
  const aspect = Math.exp((2 * random() - 1) * Math.log(patchAspect))
  const width = bounded(Math.sqrt(area * aspect), image.width)
  const height = bounded(Math.sqrt(area / aspect), image.height)
  const piece = jittered(crop(image, placed(image, width, height, random)), random)
  return paste(image, piece, placed(image, width, height, random), 0)
}

/** A thin rectangle turned by up to 45 degrees. */
export function cutPasteScar (image: FloatImage, random: Random): Pasted {
  const shrink = Math.min(1, Math.min(image.width, image.height) / scarReference * 2)
  const width = bounded(shrink * (scarWidth.least + (scarWidth.most - scarWidth.least) * random()), image.width)
  const height = bounded(shrink * (scarLength.least + (scarLength.most - scarLength.least) * random()), image.height)
  const piece = jittered(crop(image, placed(image, width, height, random)), random)
  return paste(image, piece, placed(image, width, height, random), (random() - 0.5) * Math.PI / 2)
}

function bounded (pixels: number, most: number): number {
  return Math.max(2, Math.min(most - 1, Math.round(pixels)))
}

function placed (image: FloatImage, width: number, height: number, random: Random): Box {
  return { x: Math.floor(random() * (image.width - width)), y: Math.floor(random() * (image.height - height)), width, height }
}

function jittered (piece: FloatImage, random: Random): FloatImage {
  return adjustTone(piece, 1 + jitter * (2 * random() - 1), 255 * jitter * (2 * random() - 1))
}

/** Lays `piece` with its centre in that of `box`, turned by `angle`; what falls outside is cut off. */
function paste (image: FloatImage, piece: FloatImage, box: Box, angle: number): Pasted {
  const data = Float32Array.from(image.data)
  const mask = new Uint8Array(image.width * image.height)
  const { channels } = image
  // Turned inside a square that holds it at any angle; a second picture, of ones, says what of it is the piece.
  const reach = angle === 0 ? null : Math.ceil(Math.hypot(piece.width, piece.height))
  const turned = reach === null ? piece : rotate(framed(piece, reach), angle)
  const inside = reach === null ? null : rotate(framed({ ...piece, data: new Float32Array(piece.width * piece.height).fill(1), channels: 1 }, reach), angle)
  const left = box.x + Math.round((box.width - turned.width) / 2)
  const top = box.y + Math.round((box.height - turned.height) / 2)
  for (let y = Math.max(0, -top); y < turned.height && top + y < image.height; y++) {
    for (let x = Math.max(0, -left); x < turned.width && left + x < image.width; x++) {
      const source = y * turned.width + x
      if (inside !== null && (inside.data[source] as number) < 0.5) continue
      const target = (top + y) * image.width + left + x
      mask[target] = 1
      for (let channel = 0; channel < channels; channel++) data[target * channels + channel] = turned.data[source * channels + channel] as number
    }
  }
  return { image: { ...image, data }, mask }
}

/** In the middle of a square of zeros. */
function framed (piece: FloatImage, edge: number): FloatImage {
  const { channels } = piece
  const data = new Float32Array(edge * edge * channels)
  const left = Math.floor((edge - piece.width) / 2)
  const top = Math.floor((edge - piece.height) / 2)
  for (let row = 0; row < piece.height; row++) {
    data.set(piece.data.subarray(row * piece.width * channels, (row + 1) * piece.width * channels), ((top + row) * edge + left) * channels)
  }
  return { data, width: edge, height: edge, channels }
}
