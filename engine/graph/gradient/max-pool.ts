/** The gradient of MaxPool, in two forms. */
import { constantTensor } from '../constant-tensor.ts'
import type { Value } from '../graph.ts'
import { sizeOf } from '../node-view.ts'
import { windowsOf } from '../shapes/windows.ts'
import { foldAttributes, unfold } from './unfold.ts'
import type { GradientRules, Site } from './rule.ts'
import { addAt } from './scatter.ts'

export const maxPoolGradients: GradientRules = {
  MaxPool: (site) => [() => site.options.maxPool === 'windows' ? byWindows(site) : byIndices(site)]
}

/** The second output, the indices, counts over the whole tensor. */
function byIndices ({ builder, view, g, node }: Site): Value {
  const places = sizeOf(builder.shape(g))
  const [value, indices] = [builder.reshape(g, [places]), builder.reshape(node.outputs[1] as Value, [places])]
  return builder.reshape(addAt(builder, { value, indices, axis: 0, shape: [sizeOf(view.shape(0))] }), view.shape(0))
}

/** The first largest place of each window gets the gradient; a transposed convolution puts each place where it came from, adding where windows overlap. */
function byWindows ({ builder, view, g, a }: Site): Value {
  const [batch, channels, ...size] = view.shape(0) as [number, number, ...number[]]
  const windows = windowsOf(view, view.wholes('kernel_shape') ?? [])
  const { kernel, outputs } = windows
  const [places, count] = [sizeOf(kernel), sizeOf(outputs)]
  const columns = unfold(builder, a, windows, -3e38)
  const winner = builder.cast(builder.node('ArgMax', [columns], { axis: 2 }), 'int32')
  const order = builder.constant(Int32Array.from({ length: places }, (_, place) => place), [places, 1])
  const chosen = builder.cast(builder.node('Equal', [winner, order]), builder.typeOf(g).type)
  const shares = builder.node('Mul', [chosen, builder.reshape(g, [batch, channels, 1, count])])
  const identity = Float32Array.from({ length: places * places }, (_, index) => Number(index % (places + 1) === 0))
  const back = builder.node('ConvTranspose', [builder.reshape(shares, [batch * channels, places, ...outputs]), builder.cast(builder.tensor(constantTensor(identity, [places, 1, ...kernel])), builder.typeOf(g).type)],
    foldAttributes(windows, size))
  return builder.reshape(back, view.shape(0))
}
