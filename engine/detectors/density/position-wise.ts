/** PaDiM (Defard et al. 2021, § III): at each position one Gaussian of some of the features, drawn at random; a part is as bad as its farthest position. */
import { GraphBuilder } from '../../graph/builder.ts'
import { encodeModel } from '../../graph/encode.ts'
import type { Graph } from '../../graph/graph.ts'
import { permutation } from '../../random.ts'
import type { Random } from '../../random.ts'
import { openSession } from '../../runtime/onnx-runtime.ts'
import { addProjectedFeatures, buildFeatureGraph, featureGeometry } from '../backbone-features/feature-graph.ts'
import type { FeatureOptions } from '../backbone-features/feature-graph.ts'
import { addSmoothing } from '../backbone-features/smoothing.ts'
import { inverseFactor } from '../cholesky.ts'
import type { GoodImage } from '../detector.ts'
import type { FitWork } from '../fit-work.ts'
import { eachPicture } from '../picture-features.ts'

export interface PositionDensity {
  /** The features drawn, d of D, ascending. */
  channelIndex: Uint32Array
  /** `(grid², d)`. */
  means: Float32Array
  /** `(grid², d, d)`: the transposes of the inverse Cholesky factors, so that `(x - m) · factor` has the distance's length. */
  factors: Float32Array
}

/** Added to each covariance's diagonal (paper, § III-B). */
const regularisation = 0.01
/** Bytes of the factors that `channels: auto` allows; the paper's d for a small network. */
const factorBytes = 48 * 2 ** 20
const mostChannels = 100

export function automaticChannels (options: FeatureOptions): number {
  const { grid, channels } = featureGeometry(options)
  return Math.max(1, Math.min(channels, mostChannels, Math.floor(Math.sqrt(factorBytes / 4) / grid)))
}

export async function learnPositions (options: FeatureOptions, wanted: number, images: readonly GoodImage[], work: FitWork): Promise<PositionDensity> {
  const { grid, channels } = featureGeometry(options)
  const channelIndex = drawChannels(channels, wanted, work.random('projection'))
  const selection = { mean: new Float32Array(channels), matrix: selectionMatrix(channelIndex, channels) }
  const sums = new PositionSums(grid * grid, channelIndex.length)
  const session = await openSession(encodeModel(buildFeatureGraph(options, selection)), { threads: work.threads })
  await eachPicture(session, images, 'features', work, (features) => { sums.add(features) })
  return { channelIndex, ...await sums.solve(work) }
}

export function buildPositionGraph (options: FeatureOptions & { mapSigma: number }, { channelIndex, means, factors }: PositionDensity): Graph {
  const { grid, channels } = featureGeometry(options)
  const [positions, width] = [grid * grid, channelIndex.length]
  const builder = new GraphBuilder('density position-wise')
  const features = addProjectedFeatures(builder, options, selectionMatrix(channelIndex, channels), new Float32Array(width))
  // (grid², N, d): a batch of matrices, one for each position.
  const rows = builder.node('Transpose', [builder.node('Reshape', [features, builder.whole(0, width, positions)])], { perm: [2, 0, 1] })
  const centred = builder.node('Sub', [rows, builder.constant(means, [positions, 1, width], 'means')])
  const white = builder.node('MatMul', [centred, builder.constant(factors, [positions, width, width], 'factors')])
  const distances = builder.node('Sqrt', [builder.node('ReduceSumSquare', [white, builder.whole(2)], { keepdims: 0 })])
  const raw = builder.node('Reshape', [builder.node('Transpose', [distances], { perm: [1, 0] }), builder.whole(-1, 1, grid, grid)])
  const map = builder.node('Squeeze', [addSmoothing(builder, raw, options.mapSigma * grid / options.size), builder.whole(1)])
  builder.output('score', builder.node('ReduceMax', [map, builder.whole(1, 2)], { keepdims: 0 }), 'float32', ['N'])
  builder.output('map', map, 'float32', ['N', grid, grid])
  return builder.build()
}

export function drawChannels (channels: number, wanted: number, random: Random): Uint32Array {
  return permutation(channels, random).slice(0, Math.min(wanted, channels)).sort()
}

/** `(D, d)`, one 1 in each column: choosing features is a projection that the layers can be cut to before they are resized. */
function selectionMatrix (channelIndex: Uint32Array, channels: number): Float32Array {
  const matrix = new Float32Array(channels * channelIndex.length)
  channelIndex.forEach((channel, column) => { matrix[channel * channelIndex.length + column] = 1 })
  return matrix
}

/** First and second moments of each position, in double precision; of the second the lower triangle. */
class PositionSums {
  readonly #positions: number
  readonly #width: number
  readonly #first: Float64Array
  readonly #second: Float64Array
  #count = 0

  constructor (positions: number, width: number) {
    this.#positions = positions
    this.#width = width
    this.#first = new Float64Array(positions * width)
    this.#second = new Float64Array(positions * width * (width + 1) / 2)
  }

  /** @param features `(grid², d)`. */
  add (features: Float32Array): void {
    const width = this.#width
    this.#count++
    let entry = 0
    for (let first = 0; first < features.length; first += width) {
      for (let i = 0; i < width; i++) {
        const value = features[first + i] as number
        this.#first[first + i] = (this.#first[first + i] as number) + value
        for (let j = 0; j <= i; j++) {
          this.#second[entry] = (this.#second[entry] as number) + value * (features[first + j] as number)
          entry++
        }
      }
    }
  }

  async solve (work: FitWork): Promise<{ means: Float32Array, factors: Float32Array }> {
    const [positions, width, count] = [this.#positions, this.#width, this.#count]
    const means = Float32Array.from(this.#first, (sum) => sum / count)
    const factors = new Float32Array(positions * width * width)
    const covariance = new Float64Array(width * width)
    for (let position = 0; position < positions; position++) {
      if (position % 256 === 0) await work.step('covariances', position, positions)
      let entry = position * width * (width + 1) / 2
      for (let i = 0; i < width; i++) {
        for (let j = 0; j <= i; j++) {
          const product = (this.#first[position * width + i] as number) * (this.#first[position * width + j] as number) / count
          covariance[i * width + j] = ((this.#second[entry++] as number) - product) / Math.max(1, count - 1) + (i === j ? regularisation : 0)
        }
      }
      const inverse = inverseFactor(covariance, width)
      const offset = position * width * width
      for (let i = 0; i < width; i++) for (let j = 0; j <= i; j++) factors[offset + j * width + i] = inverse[i * width + j] as number
    }
    return { means, factors }
  }
}
