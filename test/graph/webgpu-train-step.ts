/** Runs training steps on WebGPU and prints how far they are from those on the CPU, as JSON. */
import { decodeModel } from '../../engine/graph/decode.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import { floatsOf } from '../../engine/graph/constant-tensor.ts'
import { gradientOptionsFor } from '../../engine/graph/gradient/rule.ts'
import { adamw } from '../../engine/graph/optimisers/adamw.ts'
import { trainStep } from '../../engine/graph/train-step.ts'
import type { Device } from '../../engine/runtime/loaded-model.ts'
import { openSession, type Tensor } from '../../engine/runtime/onnx-runtime.ts'
import { readGolden, relativeDistance } from './golden-file.ts'

const steps = 3
// A stem, overlapping pooling, strided shortcuts, group normalisation.
const golden = readGolden('networks.bin')[1]!
const step = trainStep(decodeModel(golden.model), { loss: 'loss', parameters: Object.keys(golden.gradients), optimiser: adamw(), clipNorm: 1, ...gradientOptionsFor('webgpu') })

function scalar (value: number): Tensor {
  return { type: 'float32', dims: [], data: Float32Array.of(value) }
}

async function train (device: Device): Promise<{ losses: Tensor, state: Record<string, Tensor> }> {
  const session = await openSession(encodeModel(step.graph), { device })
  let state: Record<string, Tensor> = Object.fromEntries(step.state.map(({ name, shape, initial }) => [name, { type: 'float32', dims: shape, data: floatsOf(initial!) }]))
  const losses: number[] = []
  for (let number = 1; number <= steps; number++) {
    const outputs = await session.run({ ...golden.inputs, ...state, learningRate: scalar(1e-3), step: scalar(number) })
    losses.push(Number(outputs['loss']!.data[0]))
    state = Object.fromEntries(step.state.map(({ name, next }) => [name, outputs[next]!]))
  }
  await session.close()
  return { losses: { type: 'float32', dims: [steps], data: Float32Array.from(losses) }, state }
}

const [cpu, webgpu] = [await train('cpu'), await train('webgpu')]
const parameters = step.state.filter(({ name }) => golden.gradients[name] !== undefined)
process.stdout.write(JSON.stringify({
  falls: Number(cpu.losses.data[0]) - Number(cpu.losses.data[steps - 1]),
  loss: relativeDistance(webgpu.losses, cpu.losses),
  parameters: Math.max(...parameters.map(({ name }) => relativeDistance(webgpu.state[name], cpu.state[name]!)))
}))
