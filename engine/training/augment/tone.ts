/** Changes of brightness, contrast and sharpness. Each gives a new picture. */
import type { FloatImage } from './float-image.ts'

/** `gain` about the picture's own mean, then `shift` grey levels. */
export function adjustTone (image: FloatImage, gain: number, shift: number): FloatImage {
  const mean = image.data.reduce((sum, value) => sum + value, 0) / image.data.length
  return { ...image, data: image.data.map((value) => mean + gain * (value - mean) + shift) }
}

/** Gaussian of deviation `sigma` pixels, the border continued. */
export function blur (image: FloatImage, sigma: number): FloatImage {
  const radius = Math.ceil(3 * sigma)
  if (radius === 0) return image
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, index) => Math.exp(-((index - radius) ** 2) / (2 * sigma * sigma)))
  const sum = kernel.reduce((total, value) => total + value, 0)
  const weights = kernel.map((value) => value / sum)
  return blurAlong(blurAlong(image, weights, 'x'), weights, 'y')
}

function blurAlong (image: FloatImage, weights: Float64Array, axis: 'x' | 'y'): FloatImage {
  const { width, height, channels } = image
  const radius = (weights.length - 1) / 2
  const data = new Float32Array(image.data.length)
  const length = axis === 'x' ? width : height
  const step = axis === 'x' ? channels : channels * width
  for (let index = 0; index < data.length; index++) {
    const place = Math.floor(index / step) % length
    let value = 0
    for (let offset = -radius; offset <= radius; offset++) {
      const clamped = Math.min(length - 1, Math.max(0, place + offset))
      value += (weights[offset + radius] as number) * (image.data[index + (clamped - place) * step] as number)
    }
    data[index] = value
  }
  return { ...image, data }
}
