/** What a drawn defect does to the surface under its mask. */
import type { RawImage } from '../frame/image-codec.ts'
import { normal } from '../random.ts'
import type { Random } from '../random.ts'

export interface Canvas {
  image: RawImage
  other: RawImage
  mask: Uint8Array
  /** A copy of the image's pixels, drawn on; clamps and rounds by hand. */
  data: Uint8Array
}

type Fill = (canvas: Canvas, random: Random) => void

export const fills = { paste, tone, noise, smear, contrast } satisfies Record<string, Fill>
export type FillName = keyof typeof fills
export const fillNames = Object.keys(fills) as FillName[]

/** Foreign matter and wrong tone are what lines see most. */
const weights: Record<FillName, number> = { paste: 3, tone: 3, noise: 1, smear: 1, contrast: 1 }

/** One of these fills at random, by its weight; of one nothing is drawn. */
export function drawFill (random: Random, among: readonly FillName[]): FillName {
  const [first = 'paste', ...others] = among
  if (others.length === 0) return first
  let left = random() * weightOf(among)
  return among.find((name) => (left -= weights[name]) < 0) ?? first
}

/** Of all drawn defects, those with these fills. */
export function shareDrawn (names: readonly FillName[]): number {
  return weightOf(names) / weightOf(fillNames)
}

function weightOf (names: readonly FillName[]): number {
  return names.reduce((sum, name) => sum + weights[name], 0)
}

/**
 * A turned piece from another place of another good part. Upright it may be a proper piece in the wrong place, which only layers that see
 * wide can tell: on a printed board they then win although they miss real defects (measured: AUROC 0.938 for 1.000).
 */
function paste (canvas: Canvas, random: Random): void {
  const { image, other } = canvas
  const shiftX = random() * other.width
  const shiftY = random() * other.height
  const angle = Math.PI / 9 * (1 + 2.5 * random()) + Math.PI / 2 * Math.floor(4 * random())
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)]
  paint(canvas, (x, y, channel) => sample(other, wrapped(x * cosine - y * sine + shiftX, other.width), wrapped(x * sine + y * cosine + shiftY, other.height), Math.min(channel, other.channels - 1)), image.channels)
}

function wrapped (coordinate: number, size: number): number {
  return (Math.floor(coordinate) % size + size) % size
}

/** Darker or brighter by 25 to 90 grey levels. */
function tone (canvas: Canvas, random: Random): void {
  const shift = (random() < 0.5 ? -1 : 1) * (25 + 65 * random())
  paint(canvas, (x, y, channel) => sample(canvas.image, x, y, channel) + shift, canvas.image.channels)
}

/** Grain of deviation 15 to 50. */
function noise (canvas: Canvas, random: Random): void {
  const deviation = 15 + 35 * random()
  paint(canvas, (x, y, channel) => sample(canvas.image, x, y, channel) + deviation * normal(random), canvas.image.channels)
}

/** The surface drawn out along one direction. */
function smear (canvas: Canvas, random: Random): void {
  const { image } = canvas
  const angle = Math.PI * random()
  const length = Math.max(3, Math.min(image.width, image.height) * (0.02 + 0.05 * random()))
  paint(canvas, (x, y, channel) => {
    let sum = 0
    const steps = Math.ceil(length)
    for (let step = 0; step < steps; step++) {
      const along = (step / (steps - 1) - 0.5) * length
      sum += sample(image, Math.round(x + along * Math.cos(angle)), Math.round(y + along * Math.sin(angle)), channel)
    }
    return sum / steps
  }, image.channels)
}

/** The texture flattened to half or less, or roughened to nearly three times its contrast, about the mean under the mask. */
function contrast (canvas: Canvas, random: Random): void {
  const { image, mask } = canvas
  const gain = random() < 0.5 ? 0.5 * random() : 1.8 + random()
  const mean = new Float64Array(image.channels)
  let pixels = 0
  mask.forEach((on, pixel) => {
    if (on === 0) return
    pixels++
    for (let channel = 0; channel < image.channels; channel++) mean[channel] = (mean[channel] as number) + (image.data[pixel * image.channels + channel] as number)
  })
  paint(canvas, (x, y, channel) => {
    const middle = (mean[channel] as number) / pixels
    return middle + gain * (sample(image, x, y, channel) - middle)
  }, image.channels)
}

function paint ({ image: { width }, mask, data }: Canvas, value: (x: number, y: number, channel: number) => number, channels: number): void {
  for (let pixel = 0; pixel < mask.length; pixel++) {
    if (mask[pixel] === 0) continue
    for (let channel = 0; channel < channels; channel++) {
      data[pixel * channels + channel] = Math.min(255, Math.max(0, Math.round(value(pixel % width, Math.floor(pixel / width), channel))))
    }
  }
}

/** The nearest pixel inside the picture. */
function sample ({ data, width, height, channels }: RawImage, x: number, y: number, channel: number): number {
  const column = Math.min(width - 1, Math.max(0, x))
  const row = Math.min(height - 1, Math.max(0, y))
  return data[(row * width + column) * channels + channel] as number
}
