/** Pictures as numbers that augmentations may take out of range on the way; bounded to 0 … 255 only when they become bytes again. */
import type { RawImage } from '../../frame/image-codec.ts'

/** `(H, W, C)` on 0 … 255. */
export interface FloatImage {
  readonly data: Float32Array
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
}

export function toFloatImage ({ data, width, height, channels }: RawImage): FloatImage {
  return { data: Float32Array.from(data), width, height, channels }
}

export function toRawImage ({ data, width, height, channels }: FloatImage): RawImage {
  return { data: Uint8Array.from(data, (value) => Math.min(255, Math.max(0, Math.round(value)))), width, height, channels }
}

/** Writes the picture into a batch `(N, C, H, W)` at `index`, as `(value - mean) / deviation`. */
export function writePlanes ({ data, width, height, channels }: FloatImage, batch: Float32Array, index: number, { mean, deviation }: { mean: number, deviation: number }): void {
  const area = width * height
  const start = index * channels * area
  for (let pixel = 0; pixel < area; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      batch[start + channel * area + pixel] = ((data[pixel * channels + channel] as number) - mean) / deviation
    }
  }
}
