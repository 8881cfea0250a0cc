/**
 * One Gaussian of the features of whole pictures, and for the map one of all their patches; both shrunk (Ledoit and Wolf 2004). The distance
 * is Mahalanobis' (1936). The simplest density there is: a product that looks in several ways does not fit in it.
 */
import { encodeModel } from '../../graph/encode.ts'
import { GraphBuilder } from '../../graph/builder.ts'
import type { Graph, Value } from '../../graph/graph.ts'
import { permutation } from '../../random.ts'
import { openSession } from '../../runtime/onnx-runtime.ts'
import { addFeatures, buildFeatureGraph, featureGeometry } from '../backbone-features/feature-graph.ts'
import type { FeatureOptions } from '../backbone-features/feature-graph.ts'
import { addSmoothing } from '../backbone-features/smoothing.ts'
import { inverseFactor } from '../cholesky.ts'
import type { GoodImage } from '../detector.ts'
import type { FitWork } from '../fit-work.ts'
import { eachPicture } from '../picture-features.ts'
import { meanRow } from '../pooled-rows.ts'
import { ledoitWolf } from './ledoit-wolf.ts'
import type { Gaussian } from './ledoit-wolf.ts'

/** Patches that the map's Gaussian is taken from, of all pictures together. */
const patchesTogether = 20_000

export interface PooledDensity {
  picture: Gaussian
  patch: Gaussian
}

export async function learnPooled (options: FeatureOptions, images: readonly GoodImage[], work: FitWork): Promise<PooledDensity> {
  const { grid, channels } = featureGeometry(options)
  const random = work.random('rows')
  const each = Math.min(grid * grid, Math.ceil(patchesTogether / images.length))
  const pictures = new Float32Array(images.length * channels)
  const patches = new Float32Array(images.length * each * channels)
  let [picture, patch] = [0, 0]
  await eachPicture(await openSession(encodeModel(buildFeatureGraph(options)), { threads: work.threads }), images, 'features', work, (features) => {
    pictures.set(meanRow(features, channels), picture++ * channels)
    for (const row of permutation(grid * grid, random).subarray(0, each)) patches.set(features.subarray(row * channels, (row + 1) * channels), patch++ * channels)
  })
  return { picture: ledoitWolf(pictures, channels), patch: ledoitWolf(patches, channels) }
}

/** `image` to `score`, the distance of the mean of all patches, and `map`, that of each patch by the patches' own Gaussian. */
export function buildPooledGraph (options: FeatureOptions & { mapSigma: number }, { picture, patch }: PooledDensity): Graph {
  const { grid, channels } = featureGeometry(options)
  const builder = new GraphBuilder('density pooled')
  const features = addFeatures(builder, options)
  const score = addDistance(builder, builder.node('GlobalAveragePool', [features]), picture, channels)
  const map = addSmoothing(builder, addDistance(builder, features, patch, channels), options.mapSigma * grid / options.size)
  builder.output('score', builder.node('Reshape', [score, builder.whole(-1)]), 'float32', ['N'])
  builder.output('map', builder.node('Squeeze', [map, builder.whole(1)]), 'float32', ['N', grid, grid])
  return builder.build()
}

/** `|L⁻¹ (x - m)|` over the channels of `(N, D, h, w)`, as `(N, 1, h, w)`. */
export function addDistance (builder: GraphBuilder, features: Value, { mean, covariance }: Gaussian, channels: number): Value {
  const centred = builder.node('Sub', [features, builder.constant(Float32Array.from(mean), [1, channels, 1, 1], 'mean')])
  const weights = builder.constant(Float32Array.from(inverseFactor(covariance, channels)), [channels, channels, 1, 1], 'whitening')
  const white = builder.node('Conv', [centred, weights])
  return builder.node('Sqrt', [builder.node('ReduceSumSquare', [white, builder.whole(1)], { keepdims: 1 })])
}
