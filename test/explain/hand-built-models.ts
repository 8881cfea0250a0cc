/** Small models whose only feature is a bright spot, so that what an explanation must say is known. */
import { buildClassifierGraph } from '../../engine/detectors/classifier/classifier-graph.ts'
import { addTopMean } from '../../engine/detectors/map-scores.ts'
import { GraphBuilder } from '../../engine/graph/builder.ts'
import { wireNumber } from '../../engine/graph/element-types.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import type { Graph, Value } from '../../engine/graph/graph.ts'
import type { RawImage } from '../../engine/frame/image-codec.ts'

export const edge = 64
/** `[left, top, right, bottom]`, right and bottom excluded. */
export const spot: readonly [number, number, number, number] = [40, 20, 48, 28]

/** Grey 100 with a bright spot, `(64, 64, 1)`. */
export function spottedPicture (): RawImage {
  const picture = flatPicture()
  for (let y = spot[1]; y < spot[3]; y++) picture.data.fill(220, y * edge + spot[0], y * edge + spot[2])
  return picture
}

export function flatPicture (): RawImage {
  return { data: new Uint8Array(edge * edge).fill(100), width: edge, height: edge, channels: 1 }
}

/** Two convolutions with a pooling between them; channel 0 sees bright spots, the others dark ones, edges and everything. No padding. */
function addFeatures (builder: GraphBuilder, levels: Value): Value {
  const means = [1, -1, 0, 1].flatMap((sign) => new Array<number>(9).fill(sign / 9))
  means.splice(18, 9, -1, 0, 1, -1, 0, 1, -1, 0, 1)
  const first = builder.node('Conv', [levels, builder.constant(Float32Array.from(means), [4, 1, 3, 3], 'w'), builder.constant(Float32Array.of(-120, 80, 0, 0), [4], 'b')])
  const pooled = builder.node('MaxPool', [builder.node('Relu', [first])], { kernel_shape: [2, 2], strides: [2, 2] })
  const mixed = new Float32Array(4 * 4)
  for (let channel = 0; channel < 4; channel++) mixed[5 * channel] = 1
  const second = builder.node('Conv', [pooled, builder.constant(mixed, [4, 4, 1, 1], 'w'), builder.constant(new Float32Array(4), [4], 'b')])
  return builder.node('Relu', [second])
}

/** `image` uint8 `(N, H, W, 1)` to `score` and `map`, as bundles are. */
export function detectorGraph (): Graph {
  const builder = new GraphBuilder('detector')
  const image = builder.input('image', 'uint8', ['N', edge, edge, 1])
  const levels = builder.node('Cast', [builder.node('Transpose', [image], { perm: [0, 3, 1, 2] })], { to: wireNumber('float32') })
  const features = addFeatures(builder, levels)
  const bright = builder.node('Squeeze', [builder.node('Slice', [features, builder.whole(0), builder.whole(1), builder.whole(1)]), builder.whole(1)])
  builder.output('score', builder.node('ReduceMax', [bright, builder.whole(1, 2)], { keepdims: 0 }), 'float32', ['N'])
  builder.output('map', bright, 'float32', ['N', 31, 31])
  return builder.build()
}

/** Of the classifier's class 1: its weight for each channel of the last layer. */
export const classWeights = [1, -0.2, 0, 0.001] as const

/** `pixels` float32 `(N, 1, H, W)`, levels / 255, to the logits of "plain" and "spotted", or their softmax. */
export function classifierGraph ({ softmax = false, batch = 'N' }: { softmax?: boolean, batch?: number | string } = {}): Graph {
  const builder = new GraphBuilder('classifier')
  const pixels = builder.input('pixels', 'float32', [batch, 1, edge, edge])
  const features = addFeatures(builder, builder.node('Mul', [pixels, builder.scalar(255)]))
  const pooled = builder.node('Flatten', [builder.node('GlobalAveragePool', [features])], { axis: 1 })
  const weights = Float32Array.from([...classWeights.map((weight) => -weight), ...classWeights])
  const logits = builder.node('Gemm', [pooled, builder.constant(weights, [2, 4], 'weights'), builder.constant(Float32Array.of(0.5, -0.5), [2], 'bias')], { transB: 1 })
  builder.output('classes', softmax ? builder.node('Softmax', [logits], { axis: 1 }) : logits, 'float32', [batch, 2])
  return builder.build()
}

/** As others export detectors: `pixels` float32 to `pred_score` `(N)` or `(N, 1)`, `pred_label` bool, `anomaly_map` `(N, 1, h, w)`. */
export function foreignDetectorGraph ({ column = false, batch = 'N' }: { column?: boolean, batch?: number | string } = {}): Graph {
  const builder = new GraphBuilder('detector of others')
  const pixels = builder.input('pixels', 'float32', [batch, 1, edge, edge])
  const features = addFeatures(builder, builder.node('Mul', [pixels, builder.scalar(255)]))
  const bright = builder.node('Slice', [features, builder.whole(0), builder.whole(1), builder.whole(1)])
  const highest = builder.node('ReduceMax', [bright, builder.whole(2, 3)], { keepdims: 0 })
  const score = column ? highest : builder.node('Squeeze', [highest, builder.whole(1)])
  const shape = column ? [batch, 1] : [batch]
  builder.output('pred_score', score, 'float32', shape)
  builder.output('pred_label', builder.node('Greater', [score, builder.scalar(10)]), 'bool', shape)
  builder.output('anomaly_map', bright, 'float32', [batch, 1, 31, 31])
  return builder.build()
}

/** The classifier with features of two scales side by side, the coarse ones enlarged, as a frozen backbone has them. */
export function twoScaleClassifierGraph (): Graph {
  const builder = new GraphBuilder('classifier of two scales')
  const pixels = builder.input('pixels', 'float32', ['N', 1, edge, edge])
  const fine = addFeatures(builder, builder.node('Mul', [pixels, builder.scalar(255)]))
  const mixed = Float32Array.from({ length: 16 }, (_, i) => i % 5 === 0 ? 1 : 0)
  const coarse = builder.node('Relu', [builder.node('Conv', [fine, builder.constant(mixed, [4, 4, 1, 1], 'w')], { strides: [2, 2] })])
  const enlarged = builder.node('Resize', [coarse, '', builder.constant(Float32Array.of(1, 1, 31 / 16, 31 / 16), [4], 'scales')], { mode: 'linear', coordinate_transformation_mode: 'half_pixel' })
  const features = builder.node('Concat', [fine, enlarged], { axis: 1 })
  const pooled = builder.node('Flatten', [builder.node('GlobalAveragePool', [features])], { axis: 1 })
  const row = [...classWeights, ...classWeights]
  const logits = builder.node('Gemm', [pooled, builder.constant(Float32Array.from([...row.map((weight) => -weight), ...row]), [2, 8], 'weights')], { transB: 1 })
  builder.output('classes', logits, 'float32', ['N', 2])
  return builder.build()
}

/** A detector whose features become one map of squares of what exceeds those of a flat picture; its score is the mean of the largest. */
export function distanceDetectorGraph (): Graph {
  const builder = new GraphBuilder('detector by distance')
  const image = builder.input('image', 'uint8', ['N', edge, edge, 1])
  const levels = builder.node('Cast', [builder.node('Transpose', [image], { perm: [0, 3, 1, 2] })], { to: wireNumber('float32') })
  const features = builder.node('Reshape', [addFeatures(builder, levels), builder.whole(0, 4, 31 * 31)])
  const excess = builder.node('Relu', [builder.node('Sub', [features, builder.constant(Float32Array.of(0, 0, 0, 100.01), [1, 4, 1], 'known')])])
  const distances = builder.node('ReduceSumSquare', [excess, builder.whole(1)], { keepdims: 0 })
  const deviation = builder.node('Reshape', [distances, builder.whole(0, 1, 31, 31)])
  builder.output('score', addTopMean(builder, deviation, 5), 'float32', ['N'])
  builder.output('map', builder.node('Squeeze', [deviation, builder.whole(1)]), 'float32', ['N', 31, 31])
  return builder.build()
}

/** A detector that divides by features, up to a limit: where one is 0, the slope is infinite and what arrives there is none of it. */
export function dividingDetectorGraph (): Graph {
  const builder = new GraphBuilder('detector by quotients')
  const image = builder.input('image', 'uint8', ['N', edge, edge, 1])
  const features = addFeatures(builder, builder.node('Cast', [builder.node('Transpose', [image], { perm: [0, 3, 1, 2] })], { to: wireNumber('float32') }))
  const limited = builder.node('Min', [builder.node('Reciprocal', [features]), builder.scalar(5)])
  builder.output('score', builder.node('ReduceSum', [limited, builder.whole(1, 2, 3)], { keepdims: 0 }), 'float32', ['N'])
  return builder.build()
}

/** As bundles of classifiers are: `image` to `score`, `map` and the logits of "good", "spot" and "dark". */
export function classifierBundleGraph (): Graph {
  const add = (builder: GraphBuilder): Value => {
    const image = builder.input('image', 'uint8', ['N', edge, edge, 1])
    return addFeatures(builder, builder.node('Cast', [builder.node('Transpose', [image], { perm: [0, 3, 1, 2] })], { to: wireNumber('float32') }))
  }
  const weights = Float32Array.from([...classWeights.map((weight) => -weight), ...classWeights, 0, 1, 0, 0])
  return buildClassifierGraph({ size: edge, grid: 31, channels: 4, add }, { weights, bias: Float32Array.of(0.5, -0.5, -1) }, 1)
}

export const detector = encodeModel(detectorGraph())
export const classifier = encodeModel(classifierGraph())
