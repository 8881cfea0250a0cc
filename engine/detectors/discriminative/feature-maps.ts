/**
 * What the head learns from: how the features of good parts differ from what is known, and those of the same parts spoilt, computed once.
 * Of each picture one square is kept, no larger than `window`, so that memory and time do not grow with the pictures.
 */
import { drawSurfaceDefect } from '../../training/augment/surface-defect.ts'
import type { FloatImage } from '../../training/augment/float-image.ts'
import { varied } from '../../training/augment/nuisances.ts'
import type { NuisanceName } from '../../training/augment/nuisances.ts'
import { loadPictures } from '../network-pictures.ts'
import type { Random } from '../../random.ts'
import { featureGeometry } from '../backbone-features/feature-graph.ts'
import type { FeatureOptions, Projection } from '../backbone-features/feature-graph.ts'
import type { DefectImage, GoodImage } from '../detector.ts'
import type { FitWork } from '../fit-work.ts'
import { spread } from '../proxy-choice.ts'
import { differenceChannels } from './differences.ts'
import type { KnownFeatures } from './differences.ts'
import { FeatureMaps } from './map-sessions.ts'
import { cell } from './head.ts'
import { spoil } from './feature-noise.ts'

/** A square cut from the features of one picture. */
export interface FeatureSquare {
  /** `(channels, edge, edge)`. */
  features: Float32Array
  /** `(edge, edge)`: 1 where it was spoilt; `null` on a good part. */
  mask: Uint8Array | null
}

export interface FeatureSquares {
  good: FeatureSquare[]
  /** With a defect drawn on the picture, or noise on the features. */
  spoilt: FeatureSquare[]
  channels: number
  /** Positions along one edge. */
  edge: number
}

const mostPositions = 48
/** Bytes of squares that are kept, and pictures that they are cut from: drawing on each is what takes the time. */
const budget = 640 * 2 ** 20
const mostPictures = 200
/** Share of a position's pixels from which on it belongs to the defect. */
const leastCovered = 0.25

export interface SquareOptions {
  features: FeatureOptions
  projection: Projection
  /** Of other parts than those that are cut here, so that good parts differ from it as new ones will. */
  known: KnownFeatures
  /** Defects drawn on each picture. */
  drawings: number
  /** Deviation of noise added to features, in deviations of theirs; 0 = none. */
  noise: number
  /** What good parts may vary by: half of them are changed before anything is drawn on them. */
  nuisances: readonly NuisanceName[]
  /** Of the pictures. */
  colours: 1 | 3
}

/** Positions along one edge of the squares: a multiple of the head's cells. @param grid Of the whole picture. */
export function squareEdge (grid: number): number {
  return Math.floor(Math.min(mostPositions, grid) / cell) * cell
}

/** @param share Of the pictures and of the memory, where several lists are kept. */
export async function featureSquares (images: readonly GoodImage[], options: SquareOptions, work: FitWork, share = 1): Promise<FeatureSquares> {
  const { features, known, drawings, noise, nuisances, colours } = options
  const channels = differenceChannels(known.width)
  const { grid } = featureGeometry(features)
  const edge = squareEdge(grid)
  const spoiltOnEach = drawings + (noise > 0 ? 1 : 0)
  const bytes = (1 + spoiltOnEach) * channels * edge * edge * Float32Array.BYTES_PER_ELEMENT
  const most = Math.max(1, Math.floor(share * Math.min(mostPictures, budget / bytes)))
  // Resized first, as the graph would do it: drawing then costs what the size asks for, and good and drawn pictures are treated alike.
  const loaded = await loadPictures(spread(images, most), { size: features.size, channels: colours }, work)
  const random = work.random('training')
  const pictures = nuisances.length === 0 ? loaded : loaded.map((picture) => random() < 0.5 ? varied(picture, nuisances, random) : picture)
  const maps = await FeatureMaps.open(options, work.threads)
  const squares: FeatureSquares = { good: [], spoilt: [], channels, edge }
  const cutFrom = async (map: Float32Array, mask: Uint8Array | null): Promise<FeatureSquare> =>
    cut(await maps.differences(map), { channels, grid, edge, mask }, random)
  try {
    for (const [index, picture] of pictures.entries()) {
      await work.step('features', index, pictures.length)
      const map = await maps.features(picture)
      squares.good.push(await cutFrom(map, null))
      if (noise > 0) {
        const { noisy, mask } = spoil(map, grid, noise, random)
        squares.spoilt.push(await cutFrom(noisy, mask))
      }
      for (let drawing = 0; drawing < drawings; drawing++) {
        const other = pictures[Math.floor(random() * pictures.length)] as FloatImage
        const { image, mask } = drawSurfaceDefect(picture, other, Math.floor(random() * 2 ** 32))
        squares.spoilt.push(await cutFrom(await maps.features(image), coverage(mask, image, grid)))
        await work.breathe()
      }
    }
    return squares
  } finally {
    await maps.close()
  }
}

/** Positions of a labelled defect that stand out most: the square holds one of them. */
const mostOutstanding = 5

/** Of pictures with a defect somewhere: squares where they differ most from what is known, `mask` `null` for want of a place. */
export async function labelledSquares (defects: readonly DefectImage[], options: SquareOptions, work: FitWork): Promise<FeatureSquare[]> {
  if (defects.length === 0) return []
  const { features, known, colours } = options
  const channels = differenceChannels(known.width)
  const { grid } = featureGeometry(features)
  const edge = squareEdge(grid)
  const pictures = await loadPictures(spread(defects, mostPictures).map((defect) => ({ ...defect, calibration: false })), { size: features.size, channels: colours }, work)
  const random = work.random('training')
  const maps = await FeatureMaps.open(options, work.threads)
  const squares: FeatureSquare[] = []
  try {
    for (const [index, picture] of pictures.entries()) {
      await work.step('features', index, pictures.length)
      const map = await maps.differences(await maps.features(picture))
      const distances = map.subarray(known.width * grid * grid)
      const least = Float32Array.from(distances).sort().at(-mostOutstanding) ?? -Infinity
      const square = cut(map, { channels, grid, edge, mask: Uint8Array.from(distances, (distance) => distance >= least ? 1 : 0) }, random)
      squares.push({ ...square, mask: null })
    }
    return squares
  } finally {
    await maps.close()
  }
}

/** The share of each position's pixels that the mask marks, as 0 or 1, `(grid, grid)`. */
function coverage (mask: Uint8Array, { width, height }: FloatImage, grid: number): Uint8Array {
  const marked = new Uint32Array(grid * grid)
  const pixels = new Uint32Array(grid * grid)
  mask.forEach((value, pixel) => {
    const position = Math.floor(Math.floor(pixel / width) * grid / height) * grid + Math.floor(pixel % width * grid / width)
    pixels[position] = (pixels[position] as number) + 1
    marked[position] = (marked[position] as number) + value
  })
  return Uint8Array.from(marked, (count, position) => count > leastCovered * (pixels[position] as number) ? 1 : 0)
}

interface Cut { channels: number, grid: number, edge: number, mask: Uint8Array | null }

/** At random, on the defect where there is one. */
function cut (map: Float32Array, { channels, grid, edge, mask }: Cut, random: Random): FeatureSquare {
  const marked = mask === null ? [] : [...mask.keys()].filter((position) => mask[position] === 1)
  const centre = marked[Math.floor(random() * marked.length)]
  const place = (along: number | undefined): number => along === undefined
    ? Math.floor(random() * (grid - edge + 1))
    : Math.min(grid - edge, Math.max(0, along - Math.floor(random() * edge)))
  const [left, top] = [place(centre === undefined ? undefined : centre % grid), place(centre === undefined ? undefined : Math.floor(centre / grid))]
  const features = new Float32Array(channels * edge * edge)
  const inside = mask === null ? null : new Uint8Array(edge * edge)
  for (let row = 0; row < edge; row++) {
    const from = (top + row) * grid + left
    for (let channel = 0; channel < channels; channel++) {
      features.set(map.subarray(channel * grid * grid + from, channel * grid * grid + from + edge), (channel * edge + row) * edge)
    }
    if (mask !== null) inside?.set(mask.subarray(from, from + edge), row * edge)
  }
  return { features, mask: inside }
}
