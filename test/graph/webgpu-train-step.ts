/** Runs training steps of a tiny network on WebGPU, one by one and in a loop, and prints how far they are from those on the CPU, as JSON. */
import { GraphBuilder } from '../../engine/graph/builder.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import { floatsOf } from '../../engine/graph/constant-tensor.ts'
import { gradientOptionsFor } from '../../engine/graph/gradient/rule.ts'
import { loopSteps } from '../../engine/graph/loop-steps.ts'
import { adamw } from '../../engine/graph/optimisers/adamw.ts'
import { trainStep } from '../../engine/graph/train-step.ts'
import { normal, seededRandom } from '../../engine/random.ts'
import type { Device } from '../../engine/runtime/loaded-model.ts'
import { openSession, type Tensor } from '../../engine/runtime/onnx-runtime.ts'
import { relativeDistance } from './golden-file.ts'

const steps = 3
const random = seededRandom(3)
const builder = new GraphBuilder('tiny')
const parameters: string[] = []

function parameter (...dims: number[]): string {
  const numbers = Float32Array.from({ length: dims.reduce((product, size) => product * size) }, () => normal(random) / 2)
  parameters.push(builder.constant(numbers, dims, 'weights'))
  return parameters.at(-1)!
}

// A convolution, normalisation, overlapping pooling, a strided convolution, a way up, and a loss against one-hot targets.
const [image, target] = [builder.input('image', 'float32', [4, 2, 12, 12]), builder.input('target', 'float32', [4, 3])]
const convolved = builder.node('Conv', [image, parameter(4, 2, 3, 3)], { pads: [1, 1, 1, 1] })
const even = builder.node('InstanceNormalization', [convolved, parameter(4), parameter(4)])
const pooled = builder.node('MaxPool', [builder.node('Relu', [even])], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] })
const narrow = builder.node('Conv', [pooled, parameter(6, 4, 3, 3), parameter(6)], { strides: [2, 2], pads: [1, 1, 1, 1] })
const wide = builder.node('ConvTranspose', [builder.node('Sigmoid', [narrow]), parameter(6, 4, 2, 2)], { strides: [2, 2] })
const features = builder.node('Flatten', [builder.node('GlobalAveragePool', [builder.node('Add', [wide, pooled])])])
const logits = builder.node('Gemm', [features, parameter(3, 4), parameter(3)], { transB: 1 })
const shares = builder.node('Mul', [builder.node('LogSoftmax', [logits]), target])
builder.output('loss', builder.node('Neg', [builder.node('ReduceSum', [shares], { keepdims: 0 })]), 'float32', [])
const step = trainStep(builder.build(), { loss: 'loss', parameters, optimiser: adamw(), clipNorm: 1, ...gradientOptionsFor('webgpu') })

const data: Record<string, Tensor> = {
  image: { type: 'float32', dims: [4, 2, 12, 12], data: Float32Array.from({ length: 4 * 2 * 144 }, () => normal(random)) },
  target: { type: 'float32', dims: [4, 3], data: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0) }
}

function scalar (value: number): Tensor {
  return { type: 'float32', dims: [], data: Float32Array.of(value) }
}

async function train (device: Device): Promise<{ losses: Tensor, state: Record<string, Tensor> }> {
  const session = await openSession(encodeModel(step.graph), { device })
  let state: Record<string, Tensor> = Object.fromEntries(step.state.map(({ name, shape, initial }) => [name, { type: 'float32', dims: shape, data: floatsOf(initial!) }]))
  const losses: number[] = []
  for (let number = 1; number <= steps; number++) {
    const outputs = await session.run({ ...data, ...state, learningRate: scalar(0.05), step: scalar(number) })
    losses.push(Number(outputs['loss']!.data[0]))
    state = Object.fromEntries(step.state.map(({ name, next }) => [name, outputs[next]!]))
  }
  await session.close()
  return { losses: { type: 'float32', dims: [steps], data: Float32Array.from(losses) }, state }
}

async function trainInLoop (device: Device): Promise<{ losses: Tensor, state: Record<string, Tensor> }> {
  const session = await openSession(encodeModel(loopSteps(step, 'steps').graph), { device })
  const state = Object.fromEntries(step.state.map(({ name, shape, initial }): [string, Tensor] => [name, { type: 'float32', dims: shape, data: floatsOf(initial!) }]))
  const repeated = Object.fromEntries(Object.entries(data).map(([name, { dims, data: numbers }]): [string, Tensor] =>
    [name, { type: 'float32', dims: [steps, ...dims], data: Float32Array.from({ length: steps * numbers.length }, (_, index) => Number(numbers[index % numbers.length])) }]))
  const outputs = await session.run({ ...repeated, ...state, learningRate: { type: 'float32', dims: [steps], data: new Float32Array(steps).fill(0.05) }, step: scalar(1) })
  await session.close()
  return { losses: outputs['loss']!, state: Object.fromEntries(step.state.map(({ name, next }) => [name, outputs[next]!])) }
}

const [cpu, webgpu, looped] = [await train('cpu'), await train('webgpu'), await trainInLoop('webgpu')]

function distances ({ losses, state }: typeof webgpu): { loss: number, parameters: number } {
  return { loss: relativeDistance(losses, cpu.losses), parameters: Math.max(...parameters.map((name) => relativeDistance(state[name], cpu.state[name]!))) }
}

process.stdout.write(JSON.stringify({
  falls: Number(cpu.losses.data[0]) - Number(cpu.losses.data[steps - 1]),
  oneByOne: distances(webgpu),
  inLoop: distances(looped)
}))
