/** Baselines that look at no content: a data set whose defects they find says nothing about a detector. */
import type { RawImage } from '../frame/image-codec.ts'
import { auroc } from '../auroc.ts'

export const trivialStatistics = ['mean', 'standardDeviation', 'meanGradient', 'fileSize'] as const
export type TrivialStatistic = typeof trivialStatistics[number]
export type TrivialValues = Record<TrivialStatistic, number>

/** Of the grey picture (mean of the channels), 0 to 255: mean, standard deviation, mean of |∂x| + |∂y|; and the bytes of its file. */
export function measureTrivial (image: RawImage, fileBytes: number): TrivialValues {
  const grey = greyPixels(image)
  const { width, height } = image
  let [sum, squares, gradient] = [0, 0, 0]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x
      const value = grey[pixel] as number
      sum += value
      squares += value * value
      if (x > 0) gradient += Math.abs(value - (grey[pixel - 1] as number))
      if (y > 0) gradient += Math.abs(value - (grey[pixel - width] as number))
    }
  }
  const mean = sum / grey.length
  return { mean, standardDeviation: Math.sqrt(Math.max(0, squares / grey.length - mean * mean)), meanGradient: gradient / grey.length, fileSize: fileBytes }
}

/** `(H, W)`: the mean of the channels. */
export function greyPixels ({ data, channels, width, height }: RawImage): Float32Array {
  const grey = new Float32Array(width * height)
  for (let pixel = 0; pixel < grey.length; pixel++) {
    grey[pixel] = channels === 1
      ? data[pixel] as number
      : ((data[3 * pixel] as number) + (data[3 * pixel + 1] as number) + (data[3 * pixel + 2] as number)) / 3
  }
  return grey
}

export interface TrivialBaseline {
  /** The best of `auroc` or of its mirror (a statistic may well be lower for defects): at least 0.5. */
  best: number
  statistic: TrivialStatistic
  /** Of each, as it is: below 0.5 = lower for defects. */
  auroc: Record<TrivialStatistic, number>
}

/** `null` where a side is empty. */
export function trivialBaseline (good: readonly TrivialValues[], defect: readonly TrivialValues[]): TrivialBaseline | null {
  if (good.length === 0 || defect.length === 0) return null
  const areas = trivialStatistics.map((statistic) => [statistic, auroc(good.map((values) => values[statistic]), defect.map((values) => values[statistic])) as number] as const)
  const [statistic, area] = areas.reduce((best, next) => mirrored(next[1]) > mirrored(best[1]) ? next : best)
  return { best: mirrored(area), statistic, auroc: Object.fromEntries(areas) as Record<TrivialStatistic, number> }
}

function mirrored (area: number): number {
  return Math.max(area, 1 - area)
}
