/**
 * The simplest detector that looks at content: subtract a template. Nothing is aligned. Two templates, because products differ: the pixelwise
 * `median` of the good pictures (one product in one place), and the `nearest` good picture (several variants).
 */
import { decodeImage, resizeImage, type RawImage } from '../frame/image-codec.ts'
import { quantile } from '../quantile.ts'
import { greyPixels } from './trivial-statistics.ts'

/** Edge of the pictures by which the nearest one is found. */
const thumbnailEdge = 64
/** The median is of at most so many pictures, evenly spread. */
const medianPictures = 64
/** Pictures of unequal or larger size are compared at this edge. */
const largestEdge = 640

export interface TemplateScores {
  median: number
  nearest: number
}

export class TemplateDifference {
  readonly #median: Float32Array
  readonly #thumbnails: Float32Array[]
  readonly #paths: readonly string[]
  readonly #width: number
  readonly #height: number
  readonly #kept = new Map<string, Float32Array>()

  private constructor (width: number, height: number, median: Float32Array, thumbnails: Float32Array[], paths: readonly string[]) {
    this.#width = width
    this.#height = height
    this.#median = median
    this.#thumbnails = thumbnails
    this.#paths = paths
  }

  /** @param paths good pictures; all are candidates for `nearest`. */
  static async learn (paths: readonly string[], progress: (done: number, total: number) => void, signal: AbortSignal): Promise<TemplateDifference> {
    let size: { width: number, height: number } | null = null
    const thumbnails: Float32Array[] = []
    const stack: Float32Array[] = []
    const stride = Math.ceil(paths.length / medianPictures)
    for (const [i, path] of paths.entries()) {
      signal.throwIfAborted()
      const image = await decodeImage(path)
      size ??= comparisonSize(image)
      thumbnails.push(greyPixels(await resizeImage(image, thumbnailEdge, thumbnailEdge)))
      if (i % stride === 0) stack.push(await greyAt(image, size.width, size.height))
      progress(i + 1, paths.length)
    }
    const { width, height } = size ?? { width: 1, height: 1 }
    return new TemplateDifference(width, height, medianOf(stack, width * height), thumbnails, paths)
  }

  /** Of each template: the largest mean |difference|, 0 to 255, in a square window of a fortieth of the longer edge. */
  async score (image: RawImage): Promise<TemplateScores> {
    const grey = await greyAt(image, this.#width, this.#height)
    const thumbnail = greyPixels(await resizeImage(image, thumbnailEdge, thumbnailEdge))
    const nearest = await this.#template(this.#nearest(thumbnail))
    return { median: this.#largestDifference(grey, this.#median), nearest: this.#largestDifference(grey, nearest) }
  }

  #nearest (thumbnail: Float32Array): string {
    let [best, least] = [0, Infinity]
    this.#thumbnails.forEach((candidate, i) => {
      let difference = 0
      for (let pixel = 0; pixel < thumbnail.length && difference < least; pixel++) difference += Math.abs((thumbnail[pixel] as number) - (candidate[pixel] as number))
      if (difference < least) [best, least] = [i, difference]
    })
    return this.#paths[best] as string
  }

  /** The last few templates are kept: neighbours in a data set often share one. */
  async #template (path: string): Promise<Float32Array> {
    const known = this.#kept.get(path)
    if (known !== undefined) return known
    const grey = await greyAt(await decodeImage(path), this.#width, this.#height)
    if (this.#kept.size >= 16) this.#kept.delete(this.#kept.keys().next().value as string)
    this.#kept.set(path, grey)
    return grey
  }

  #largestDifference (picture: Float32Array, template: Float32Array): number {
    return largestWindowMean(picture.map((value, pixel) => Math.abs(value - (template[pixel] as number))), this.#width, this.#height,
      Math.max(1, Math.round(Math.max(this.#width, this.#height) / 40)))
  }
}

/** The largest mean of a square window of `edge` pixels wholly inside `(height, width)`, by a summed-area table (Crow 1984). */
export function largestWindowMean (values: Float32Array, width: number, height: number, edge: number): number {
  const [w, h] = [Math.min(edge, width), Math.min(edge, height)]
  const stride = width + 1
  const sums = new Float64Array(stride * (height + 1))
  let largest = 0
  for (let y = 1; y <= height; y++) {
    let row = 0
    for (let x = 1; x <= width; x++) {
      row += values[(y - 1) * width + x - 1] as number
      sums[y * stride + x] = (sums[(y - 1) * stride + x] as number) + row
      if (y < h || x < w) continue
      const sum = (sums[y * stride + x] as number) - (sums[(y - h) * stride + x] as number) - (sums[y * stride + x - w] as number) + (sums[(y - h) * stride + x - w] as number)
      if (sum > largest) largest = sum
    }
  }
  return largest / (w * h)
}

function comparisonSize ({ width, height }: RawImage): { width: number, height: number } {
  const scale = Math.min(1, largestEdge / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

async function greyAt (image: RawImage, width: number, height: number): Promise<Float32Array> {
  return greyPixels(image.width === width && image.height === height ? image : await resizeImage(image, width, height))
}

function medianOf (stack: readonly Float32Array[], pixels: number): Float32Array {
  const column = new Float32Array(stack.length)
  return Float32Array.from({ length: pixels }, (_, pixel) => {
    stack.forEach((picture, i) => { column[i] = picture[pixel] as number })
    return quantile(column.sort(), 0.5)
  })
}
