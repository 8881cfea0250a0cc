/**
 * Golden vectors: seeded pictures, what a bundle answered to them when it was made, and the check that a device or a runtime that
 * loads it later gives the same answers.
 */
import type { BundleMetadata, GoldenVector } from '../../schemas/bundle.ts'
import { GoodpartsError } from '../errors.ts'
import type { RawImage } from '../frame/image-codec.ts'
import { seededRandom, type Random } from '../random.ts'

/** A model's answer to one picture. `map` is row-major, `height * width` long. */
export interface ModelAnswer {
  score: number
  map: Float32Array
  height: number
  width: number
}

export type RunModel = (image: RawImage) => Promise<ModelAnswer>

/** Half a percent: wide enough for another order of float32 sums, narrow enough for half precision or a wrong kernel to show. */
export const goldenTolerance = 0.005

const goldenSeeds = [1, 2]
const longestEdge = 320
const samplesPerEdge = 4

/**
 * A seeded picture `(height, width, channels)` of soft blobs over grain. Only additions and multiplications make it, so it has the same
 * bytes on every machine.
 */
export function goldenImage (seed: number, width: number, height: number, channels: 1 | 3 = 3): RawImage {
  const random = seededRandom(seed)
  const data = new Uint8Array(width * height * channels)
  for (let channel = 0; channel < channels; channel++) {
    const octaves = [{ cells: 3, amplitude: 70 }, { cells: 11, amplitude: 40 }].map(({ cells, amplitude }) => ({ lattice: lattice(cells, random), amplitude }))
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const soft = octaves.reduce((sum, octave) => sum + octave.amplitude * (octave.lattice(x / width, y / height) - 0.5), 128)
        data[(y * width + x) * channels + channel] = Math.min(255, Math.max(0, Math.round(soft + 24 * (random() - 0.5))))
      }
    }
  }
  return { data, width, height, channels }
}

/** Answers of a fresh model to the golden pictures of its geometry (made smaller where that is large). */
export async function makeGoldenVectors (run: RunModel, input: BundleMetadata['input']): Promise<GoldenVector[]> {
  const shrink = Math.min(1, longestEdge / Math.max(input.width, input.height))
  const width = Math.max(1, Math.round(input.width * shrink))
  const height = Math.max(1, Math.round(input.height * shrink))
  const vectors = []
  for (const seed of goldenSeeds) {
    const answer = await run(goldenImage(seed, width, height, input.channels))
    vectors.push({ seed, width, height, score: answer.score, mapSamples: sampleMap(answer) })
  }
  return vectors
}

/**
 * Largest relative difference between the answers now and those kept in the bundle.
 * @throws GOODPARTS_BUNDLE_GOLDEN with the numbers when it is above the bundle's tolerance.
 */
export async function checkGoldenVectors (run: RunModel, metadata: Pick<BundleMetadata, 'id' | 'golden' | 'input'>): Promise<number> {
  const { vectors, relativeTolerance } = metadata.golden
  let largest = 0
  for (const vector of vectors) {
    const answer = await run(goldenImage(vector.seed, vector.width, vector.height, metadata.input.channels))
    const difference = goldenDifference(vector, answer)
    if (!(difference <= relativeTolerance)) {
      throw new GoodpartsError('GOODPARTS_BUNDLE_GOLDEN',
        `Expected bundle ${metadata.id} to answer golden picture ${vector.seed} with score ${vector.score} within ${relativeTolerance} relative, got ${answer.score} (map and score differ by up to ${difference.toPrecision(3)})`,
        { fix: 'Choose the device cpu, or fit the bundle again with this version.' })
    }
    largest = Math.max(largest, difference)
  }
  return largest
}

/** Relative to the score's size and to the largest of the map's samples; infinite for answers that are no numbers or of another shape. */
function goldenDifference (vector: GoldenVector, answer: ModelAnswer): number {
  const samples = sampleMap(answer)
  if (samples.length !== vector.mapSamples.length) return Infinity
  const scale = Math.max(...vector.mapSamples.map(Math.abs), Number.MIN_VALUE)
  const differences = samples.map((value, index) => Math.abs(value - (vector.mapSamples[index] as number)) / scale)
  const largest = Math.max(Math.abs(answer.score - vector.score) / Math.max(Math.abs(vector.score), Number.MIN_VALUE), ...differences)
  return Number.isNaN(largest) ? Infinity : largest
}

function sampleMap ({ map, height, width }: ModelAnswer): number[] {
  const places = Array.from({ length: samplesPerEdge }, (_, index) => (index + 0.5) / samplesPerEdge)
  return places.flatMap((y) => places.map((x) => map[Math.floor(y * height) * width + Math.floor(x * width)] ?? NaN))
}

/** Value noise on a lattice of `cells` by `cells`; takes coordinates in [0, 1), gives values in [0, 1]. */
function lattice (cells: number, random: Random): (x: number, y: number) => number {
  const edge = cells + 1
  const knots = Float64Array.from({ length: edge * edge }, random)
  return (x, y) => {
    const column = Math.floor(x * cells)
    const row = Math.floor(y * cells)
    const right = smooth(x * cells - column)
    const down = smooth(y * cells - row)
    const at = (dx: number, dy: number): number => knots[(row + dy) * edge + column + dx] as number
    const above = at(0, 0) + (at(1, 0) - at(0, 0)) * right
    const below = at(0, 1) + (at(1, 1) - at(0, 1)) * right
    return above + (below - above) * down
  }
}

function smooth (t: number): number {
  return t * t * (3 - 2 * t)
}
