/**
 * EfficientNet-Lite0 up to block 10 as an ONNX graph. Architecture: Tan and Le 2019 (table 1, MBConv blocks), in the Lite variant:
 * no squeeze-and-excitation, ReLU6, stem not scaled. Padding is TensorFlow's SAME for even sizes: one pixel more at the end
 * than at the start where the stride is two.
 */
import { float, GraphBuilder } from '../../engine/graph/builder.ts'
import { foldBatchNorm } from '../../engine/graph/fold-batch-norm.ts'
import type { Graph, Value } from '../../engine/graph/graph.ts'
import type { StoredTensor } from './torch-file.ts'

const batchNormEpsilon = 1e-3

/** Kernel sizes and channels are those of the weights. */
const stages = [
  { repeats: 1, stride: 1, expansion: 1 },
  { repeats: 2, stride: 2, expansion: 6 },
  { repeats: 2, stride: 2, expansion: 6 },
  { repeats: 3, stride: 2, expansion: 6 },
  { repeats: 3, stride: 1, expansion: 6 }
]

/** Blocks that detectors may read, with what they give. */
export const readableBlocks = [
  { tensor: 'block2', stride: 4, channels: 24 },
  { tensor: 'block4', stride: 8, channels: 40 },
  { tensor: 'block10', stride: 16, channels: 112 }
]

/** Input `image` float32 `(N, 3, H, W)`, normalised; outputs are the readable blocks. Batch norms are folded. */
export function efficientNetLite0 (state: Map<string, StoredTensor>): Graph {
  const builder = new GraphBuilder('efficientnet-lite0')
  const tensor = (name: string): StoredTensor => {
    const found = state.get(name)
    if (found === undefined) throw new Error(`Expected the state dict to hold ${name}, got none`)
    return found
  }
  const constant = (name: string): Value => builder.constant(tensor(name).values, tensor(name).dims, name)

  const convolution = (input: Value, weights: string, norm: string, stride: number, activation: boolean): Value => {
    const [channels = 0, perGroup = 0, kernel = 0] = tensor(`${weights}.weight`).dims
    const padding = kernel - stride
    const start = Math.max(0, Math.floor(padding / 2))
    const end = Math.max(0, padding - start)
    const convolved = builder.node('Conv', [input, constant(`${weights}.weight`)], {
      group: perGroup === 1 ? channels : 1, kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [start, start, end, end]
    })
    const normalisation = ['weight', 'bias', 'running_mean', 'running_var'].map((name) => constant(`${norm}.${name}`))
    const normalised = builder.node('BatchNormalization', [convolved, ...normalisation], { epsilon: float(batchNormEpsilon) })
    return activation ? builder.node('Clip', [normalised, builder.scalar(0), builder.scalar(6)]) : normalised
  }

  let value = convolution(builder.input('image', 'float32', ['N', 3, 'H', 'W']), '_conv_stem', '_bn0', 2, true)
  let block = 0
  for (const { repeats, expansion, stride } of stages) {
    for (let repeat = 0; repeat < repeats; repeat++, block++) {
      const input = value
      const name = `_blocks.${block}`
      if (expansion !== 1) value = convolution(value, `${name}._expand_conv`, `${name}._bn0`, 1, true)
      value = convolution(value, `${name}._depthwise_conv`, `${name}._bn1`, repeat === 0 ? stride : 1, true)
      value = convolution(value, `${name}._project_conv`, `${name}._bn2`, 1, false)
      if (repeat > 0) value = builder.node('Add', [value, input])
      const readable = readableBlocks.find(({ tensor }) => tensor === `block${block}`)
      if (readable !== undefined) builder.output(readable.tensor, value, 'float32', ['N', readable.channels, `H/${readable.stride}`, `W/${readable.stride}`])
    }
  }
  return foldBatchNorm(builder.build())
}
