/** Pictures of good parts and of defects as the mean of their features. */
import { encodeModel } from '../graph/encode.ts'
import { openSession } from '../runtime/onnx-runtime.ts'
import { buildFeatureGraph, featureGeometry } from './backbone-features/feature-graph.ts'
import type { FeatureOptions } from './backbone-features/feature-graph.ts'
import type { GoodImage } from './detector.ts'
import type { FitWork } from './fit-work.ts'
import { eachPicture } from './picture-features.ts'

/** `(n, D)`. */
export async function pooledRows (options: FeatureOptions, images: readonly GoodImage[], work: FitWork): Promise<Float32Array> {
  const { channels } = featureGeometry(options)
  const rows = new Float32Array(images.length * channels)
  let place = 0
  await eachPicture(await openSession(encodeModel(buildFeatureGraph(options)), { threads: work.threads }), images, 'features', work, (features) => {
    rows.set(meanRow(features, channels), channels * place++)
  })
  return rows
}

/** Of rows of `width`. */
export function meanRow (rows: Float32Array, width: number): Float64Array {
  const mean = new Float64Array(width)
  const share = width / rows.length
  for (let index = 0; index < rows.length; index++) mean[index % width] = (mean[index % width] as number) + share * (rows[index] as number)
  return mean
}
