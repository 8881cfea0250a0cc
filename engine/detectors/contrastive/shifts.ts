/**
 * CSI's score (Tack et al. 2020, § 2.3), place by place: the picture in each of its four turns, how similar its projection is to those of good
 * parts in the same turn, times its norm, and how sure the shift head is of the turn.
 */
import { encodeModel } from '../../graph/encode.ts'
import { GraphBuilder } from '../../graph/builder.ts'
import type { Graph, Value } from '../../graph/graph.ts'
import { openSession } from '../../runtime/onnx-runtime.ts'
import { turn } from '../../training/augment/geometry.ts'
import type { FloatImage } from '../../training/augment/float-image.ts'
import { exportInference } from '../../training/network/export-inference.ts'
import { addNormalised, addPictureInput } from '../network-pictures.ts'
import type { FitWork } from '../fit-work.ts'
import { encoderStride, featureNetwork, projectionWidth, turns } from './encoder.ts'
import { mostDifferent, samplePatches } from './known-patches.ts'
import { addScoreAndMap } from './scoring-graph.ts'
import type { ContrastiveGraphOptions } from './scoring-graph.ts'

export interface LearntShift {
  /** Directions of good parts' projections in this turn, of length one, `(M, 64)`. */
  axes: Float32Array
  /** One over the mean norm of the projections, and over the mean logit of the turn. */
  similarityWeight: number
  shiftWeight: number
}

export async function learnShifts (graph: ContrastiveGraphOptions, pictures: readonly FloatImage[], bankSize: number, work: FitWork): Promise<LearntShift[]> {
  const session = await openSession(encodeModel(exportInference(featureNetwork(graph, graph.size, 1), graph.weights)), { threads: work.threads })
  const shifts: LearntShift[] = []
  try {
    for (let quarters = 0; quarters < turns; quarters++) {
      const turned = pictures.map((picture) => turn(picture, quarters))
      const { projection = new Float32Array(), shift = new Float32Array() } = await samplePatches(session, turned, ['projection', 'shift'], work.under(`turn ${quarters + 1}`))
      const norms = normsOf(projection)
      const unit = projection.map((value, index) => value / ((norms[Math.floor(index / projectionWidth)] as number) + 1e-8))
      const logits = shift.filter((_, index) => index % turns === quarters)
      shifts.push({
        axes: await mostDifferent(unit, projectionWidth, Math.max(1, Math.floor(bankSize / turns)), work),
        similarityWeight: 1 / (meanOf(norms) + 1e-8),
        // A turn that good parts do not show has no sure logit, and then none is counted: its mean would blow it up.
        shiftWeight: meanOf(logits) > 0.1 ? 1 / meanOf(logits) : 0
      })
    }
    return shifts
  } finally {
    await session.close()
  }
}

/** `score` and `map` are minus the mean over the turns of `weight · max <f, axis> + weight · logit`. */
export function buildShiftGraph (options: ContrastiveGraphOptions, shifts: readonly LearntShift[]): Graph {
  const builder = new GraphBuilder('contrastive csi')
  const grid = options.size / encoderStride
  const picture = addNormalised(builder, addPictureInput(builder, options))
  const network = exportInference(featureNetwork(options, options.size, 'N'), options.weights)
  const parts = shifts.map(({ axes, similarityWeight, shiftWeight }, quarters) => {
    const { projection = '', shift = '' } = builder.include(network, `turn${quarters}`, { picture: addTurned(builder, picture, quarters) })
    const count = axes.length / projectionWidth
    const columns = Float32Array.from({ length: axes.length }, (_, index) => axes[index % count * projectionWidth + Math.floor(index / count)] as number)
    const similarity = builder.node('ReduceMax', [builder.node('MatMul', [projection, builder.constant(columns, [projectionWidth, count], 'axes')]), builder.whole(2)], { keepdims: 1 })
    const logit = builder.node('Slice', [shift, builder.whole(quarters), builder.whole(quarters + 1), builder.whole(2)])
    const normal = builder.node('Add', [builder.node('Mul', [similarity, builder.scalar(similarityWeight)]), builder.node('Mul', [logit, builder.scalar(shiftWeight)])])
    return addTurned(builder, builder.node('Reshape', [normal, builder.whole(0, 1, grid, grid)]), turns - quarters)
  })
  const sum = parts.reduce((left, right) => builder.node('Add', [left, right]))
  addScoreAndMap(builder, builder.node('Mul', [sum, builder.scalar(-1 / turns)]), grid, options)
  return builder.build()
}

/** By quarter turns clockwise, as `turn` does it: `(N, C, H, W)` transposed, then its columns reversed. */
function addTurned (builder: GraphBuilder, map: Value, quarters: number): Value {
  const reversed = (value: Value, ...axes: number[]): Value => builder.node('Slice', [value,
    builder.whole(...axes.map(() => -1)), builder.whole(...axes.map(() => -(2 ** 31))), builder.whole(...axes), builder.whole(...axes.map(() => -1))])
  switch (quarters % turns) {
    case 1: return reversed(builder.node('Transpose', [map], { perm: [0, 1, 3, 2] }), 3)
    case 2: return reversed(map, 2, 3)
    case 3: return reversed(builder.node('Transpose', [map], { perm: [0, 1, 3, 2] }), 2)
    default: return map
  }
}

function normsOf (rows: Float32Array): Float32Array {
  return Float32Array.from({ length: rows.length / projectionWidth }, (_, row) => Math.hypot(...rows.subarray(row * projectionWidth, (row + 1) * projectionWidth)))
}

function meanOf (values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
