/** Moves of pixels. Each gives a new picture. */
import type { FloatImage } from './float-image.ts'

export interface Box { x: number, y: number, width: number, height: number }

/** The part inside `box`, which lies inside the picture. */
export function crop (image: FloatImage, { x, y, width, height }: Box): FloatImage {
  const { channels } = image
  const data = new Float32Array(width * height * channels)
  for (let row = 0; row < height; row++) {
    const start = ((y + row) * image.width + x) * channels
    data.set(image.data.subarray(start, start + width * channels), row * width * channels)
  }
  return { data, width, height, channels }
}

/** Left and right exchanged. */
export function flip (image: FloatImage): FloatImage {
  const { width } = image
  return sampled(image, image, (x, y) => [width - 1 - x, y])
}

/** Top and bottom exchanged. */
export function flipUpsideDown (image: FloatImage): FloatImage {
  const { height } = image
  return sampled(image, image, (x, y) => [x, height - 1 - y])
}

/** By whole pixels to the right and down, the border continued. */
export function move (image: FloatImage, right: number, down: number): FloatImage {
  const { width, height } = image
  return sampled(image, image, (x, y) => [Math.min(width - 1, Math.max(0, x - right)), Math.min(height - 1, Math.max(0, y - down))])
}

/** By quarter turns clockwise. */
export function turn (image: FloatImage, quarters: number): FloatImage {
  const { width, height } = image
  switch (((quarters % 4) + 4) % 4) {
    case 1: return sampled(image, { width: height, height: width }, (x, y) => [y, height - 1 - x])
    case 2: return sampled(image, image, (x, y) => [width - 1 - x, height - 1 - y])
    case 3: return sampled(image, { width: height, height: width }, (x, y) => [width - 1 - y, x])
    default: return image
  }
}

/** About the centre by `angle` radians clockwise, between pixels by their neighbours, the border continued. */
export function rotate (image: FloatImage, angle: number): FloatImage {
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)]
  const [middleX, middleY] = [(image.width - 1) / 2, (image.height - 1) / 2]
  return interpolated(image, (x, y) => [
    middleX + cosine * (x - middleX) + sine * (y - middleY),
    middleY - sine * (x - middleX) + cosine * (y - middleY)
  ])
}

type Place = (x: number, y: number) => readonly [x: number, y: number]

function sampled (image: FloatImage, { width, height }: { width: number, height: number }, from: Place): FloatImage {
  const { channels } = image
  const data = new Float32Array(width * height * channels)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [sourceX, sourceY] = from(x, y)
      const source = (sourceY * image.width + sourceX) * channels
      for (let channel = 0; channel < channels; channel++) data[(y * width + x) * channels + channel] = image.data[source + channel] as number
    }
  }
  return { data, width, height, channels }
}

function interpolated (image: FloatImage, from: Place): FloatImage {
  const { width, height, channels } = image
  const data = new Float32Array(width * height * channels)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [sourceX, sourceY] = from(x, y)
      const clampedX = Math.min(width - 1, Math.max(0, sourceX))
      const clampedY = Math.min(height - 1, Math.max(0, sourceY))
      const left = Math.floor(clampedX)
      const top = Math.floor(clampedY)
      const right = Math.min(width - 1, left + 1)
      const bottom = Math.min(height - 1, top + 1)
      const [alongX, alongY] = [clampedX - left, clampedY - top]
      for (let channel = 0; channel < channels; channel++) {
        const at = (column: number, row: number): number => image.data[(row * width + column) * channels + channel] as number
        data[(y * width + x) * channels + channel] =
          (1 - alongY) * ((1 - alongX) * at(left, top) + alongX * at(right, top)) + alongY * ((1 - alongX) * at(left, bottom) + alongX * at(right, bottom))
      }
    }
  }
  return { data, width, height, channels }
}
