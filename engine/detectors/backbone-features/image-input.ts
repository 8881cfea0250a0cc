/** From the camera's bytes to what a backbone sees, inside the graph. */
import type { Backbone } from '../../backbones/backbone.ts'
import type { GraphBuilder } from '../../graph/builder.ts'
import { wireNumber } from '../../graph/element-types.ts'
import type { Value } from '../../graph/graph.ts'

/** `backbone`: by the backbone's own mean and deviation; `image`: each picture by its own, which takes exposure out. */
export type Normalisation = 'backbone' | 'image'

/** Grey levels squared that are added to a picture's variance, so that a flat one stays finite. */
const flatVariance = 1

/**
 * Adds the input `image` uint8 `(N, H, W, C)`, all free, C 1 or 3, and gives float32 `(N, 3, size, size)`, normalised. Pictures of
 * another geometry are resized with antialiasing; those of this geometry pass through.
 */
export function addImageInput (builder: GraphBuilder, backbone: Backbone, size: number, normalisation: Normalisation): Value {
  const numbers = addResizedImage(builder, size)
  return normalisation === 'backbone' ? normaliseAsTrained(builder, numbers, backbone) : normaliseEach(builder, numbers)
}

/** The same as grey levels 0 … 255, float32 `(N, C, size, size)`, as many channels as come in. */
export function addResizedImage (builder: GraphBuilder, size: number): Value {
  const image = builder.input('image', 'uint8', ['N', 'H', 'W', 'C'])
  const planes = builder.node('Transpose', [image], { perm: [0, 3, 1, 2] })
  // Resized as bytes: providers without antialiasing, WebGPU above all, have no kernel for bytes and leave this one node to the CPU.
  // All four sizes are given, because ONNX Runtime 1.30 moves a Transpose through a Resize that has `axes` and forgets the sizes.
  const shape = builder.node('Concat', [builder.node('Shape', [planes], { start: 0, end: 2 }), builder.whole(size, size)], { axis: 0 })
  const resized = builder.node('Resize', [planes, '', '', shape], {
    mode: 'linear', antialias: 1, exclude_outside: 1, coordinate_transformation_mode: 'half_pixel'
  })
  return builder.node('Cast', [resized], { to: wireNumber('float32') })
}

/** The constants have three channels: one-channel pictures become three by broadcasting. */
function normaliseAsTrained (builder: GraphBuilder, image: Value, { mean, deviation }: Backbone): Value {
  const centred = builder.node('Sub', [image, builder.constant(Float32Array.from(mean), [1, 3, 1, 1], 'mean')])
  return builder.node('Mul', [centred, builder.constant(Float32Array.from(deviation, (value) => 1 / value), [1, 3, 1, 1], 'gain')])
}

function normaliseEach (builder: GraphBuilder, image: Value): Value {
  const axes = builder.whole(1, 2, 3)
  const centred = builder.node('Sub', [image, builder.node('ReduceMean', [image, axes], { keepdims: 1 })])
  const variance = builder.node('ReduceMean', [builder.node('Mul', [centred, centred]), axes], { keepdims: 1 })
  const gain = builder.node('Reciprocal', [builder.node('Sqrt', [builder.node('Add', [variance, builder.scalar(flatVariance)])])])
  return builder.node('Mul', [centred, builder.node('Expand', [gain, builder.whole(1, 3, 1, 1)])])
}
