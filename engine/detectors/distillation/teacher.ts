/** The frozen backbone as a teacher: principal components of its features, scaled so that their mean square is one. */
import { encodeModel } from '../../graph/encode.ts'
import { GraphBuilder } from '../../graph/builder.ts'
import type { Graph } from '../../graph/graph.ts'
import { openSession } from '../../runtime/onnx-runtime.ts'
import { toRawImage } from '../../training/augment/float-image.ts'
import type { FloatImage } from '../../training/augment/float-image.ts'
import { addProjectedFeatures, featureGeometry, negatedProduct } from '../backbone-features/feature-graph.ts'
import type { FeatureOptions, Projection } from '../backbone-features/feature-graph.ts'
import type { FitWork } from '../fit-work.ts'
import { imageTensor } from '../picture-features.ts'

/** `image` uint8 `(N, H, W, C)` to `teacher` `(N, components, grid, grid)`. */
export function teacherGraph (features: FeatureOptions, projection: Projection): Graph {
  const builder = new GraphBuilder('teacher')
  const { grid } = featureGeometry(features)
  const components = componentsOf(projection)
  builder.output('teacher', addProjectedFeatures(builder, features, projection.matrix, negatedProduct(projection, components)), 'float32', ['N', components, grid, grid])
  return builder.build()
}

export function componentsOf ({ matrix, mean }: Projection): number {
  return matrix.length / mean.length
}

export interface Lessons {
  /** The projection with its scale. */
  projection: Projection
  /** Of each picture `(components, grid, grid)`. */
  maps: Float32Array[]
}

/** What the teacher says of each picture. @throws GOODPARTS_FIT_CANCELLED. */
export async function teach (pictures: readonly FloatImage[], features: FeatureOptions, projection: Projection, work: FitWork): Promise<Lessons> {
  const session = await openSession(encodeModel(teacherGraph(features, projection)), { threads: work.threads })
  const maps: Float32Array[] = []
  try {
    for (const [index, picture] of pictures.entries()) {
      await work.step('features', index, pictures.length)
      const { teacher } = await session.run({ image: imageTensor(toRawImage(picture)) })
      maps.push(teacher?.data as Float32Array)
    }
  } finally {
    await session.close()
  }
  const squares = maps.map((map) => map.reduce((sum, value) => sum + value * value, 0) / map.length)
  const scale = 1 / Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length + 1e-12)
  return {
    projection: { ...projection, matrix: projection.matrix.map((value) => value * scale) },
    maps: maps.map((map) => map.map((value) => value * scale))
  }
}
