import { describe, expect, it } from 'vitest'
import { decodeModel } from '../../engine/graph/decode.ts'
import { floatsOf } from '../../engine/graph/constant-tensor.ts'
import { cutAt } from '../../engine/graph/edit.ts'
import { loopSteps } from '../../engine/graph/loop-steps.ts'
import { adamw } from '../../engine/graph/optimisers/adamw.ts'
import { lars } from '../../engine/graph/optimisers/lars.ts'
import type { Optimiser } from '../../engine/graph/optimisers/optimiser.ts'
import { cosineSchedule } from '../../engine/graph/optimisers/schedule.ts'
import { sgd } from '../../engine/graph/optimisers/sgd.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import { trainStep, type TrainStep } from '../../engine/graph/train-step.ts'
import { openSession, type Tensor } from '../../engine/runtime/onnx-runtime.ts'
import { readGolden, relativeDistance, runGraph, type GoldenCase } from './golden-file.ts'

const weightDecay = 0.05
const optimisers: Record<string, Optimiser> = {
  sgd: sgd({ weightDecay }),
  'sgd without momentum': sgd({ momentum: 0, weightDecay }),
  nesterov: sgd({ momentum: 0.8, nesterov: true, weightDecay }),
  adamw: adamw({ weightDecay }),
  lars: lars({ weightDecay, trust: 0.02 })
}
const golden = readGolden('steps.bin')
const rates = Float32Array.from({ length: 5 }, (_, index) => 0.1 / (index + 1))

function scalar (value: number): Tensor {
  return { type: 'float32', dims: [], data: Float32Array.of(value) }
}

function stepOf ({ name, model, gradients }: GoldenCase): TrainStep {
  const [optimiser, clipped] = name.split(', ')
  return trainStep(decodeModel(model), { loss: 'loss', parameters: Object.keys(gradients), optimiser: optimisers[optimiser!]!, ...(clipped === undefined ? {} : { clipNorm: 0.3 }) })
}

function initialState (step: TrainStep): Record<string, Tensor> {
  return Object.fromEntries(step.state.map(({ name, shape, initial }) => [name, { type: 'float32', dims: shape, data: floatsOf(initial!) }]))
}

/** One run per step. */
async function train (step: TrainStep, inputs: Record<string, Tensor>, count: number): Promise<{ losses: number[], state: Record<string, Tensor> }> {
  const session = await openSession(encodeModel(step.graph))
  let state = initialState(step)
  const losses: number[] = []
  for (let number = 1; number <= count; number++) {
    const outputs = await session.run({ ...inputs, ...state, learningRate: scalar(rates[number - 1]!), step: scalar(number) })
    losses.push(Number(outputs[step.loss]!.data[0]))
    state = Object.fromEntries(step.state.map(({ name, next }) => [name, outputs[next]!]))
  }
  await session.close()
  return { losses, state }
}

describe('five steps of training end where PyTorch does', () => {
  it.each(golden)('by $name', async (each) => {
    const { loss, ...parameters } = each.outputs
    const { losses, state } = await train(stepOf(each), each.inputs, 5)
    expect(relativeDistance({ type: 'float32', dims: [5], data: Float32Array.from(losses) }, loss!)).toBeLessThan(1e-5)
    for (const [name, expected] of Object.entries(parameters)) expect(relativeDistance(state[name], expected), name).toBeLessThan(1e-5)
  })

  it('gives the same curve, bit for bit, when it is run again', async () => {
    const each = golden.find(({ name }) => name === 'adamw')!
    expect(await train(stepOf(each), each.inputs, 5)).toEqual(await train(stepOf(each), each.inputs, 5))
  })
})

describe('steps in a loop', () => {
  it.each(['nesterov', 'adamw, clipped'])('give what they give one by one, by %s', async (name) => {
    const each = golden.find((candidate) => candidate.name === name)!
    const step = stepOf(each)
    const looped = loopSteps(step, 5)
    const { image, target } = each.inputs as { image: Tensor & { type: 'float32' }, target: Tensor & { type: 'float32' } }
    const five = (tensor: Tensor & { type: 'float32' }): Tensor => ({ type: 'float32', dims: [5, ...tensor.dims], data: Float32Array.from({ length: 5 * tensor.data.length }, (_, index) => tensor.data[index % tensor.data.length]!) })
    const found = await runGraph(looped.graph, { image: five(image), target: five(target), ...initialState(step), learningRate: { type: 'float32', dims: [5], data: rates }, step: scalar(1) })
    const alone = await train(step, each.inputs, 5)
    expect([...found['loss']!.data].map(Number)).toEqual(alone.losses)
    for (const { name: value, next } of looped.state) expect(found[next]!.data).toEqual(alone.state[value]!.data)
  })
})

describe('what is carried beside the parameters', () => {
  it('replaces running statistics by what the step has seen', async () => {
    const { model, inputs, gradients } = readGolden('networks.bin')[0]!
    const graph = decodeModel(model)
    const norm = graph.nodes.find(({ operator }) => operator === 'BatchNormalization')!
    const [mean, variance] = [norm.inputs[3]!, norm.inputs[4]!]
    const step = trainStep(graph, { loss: 'loss', parameters: Object.keys(gradients), optimiser: sgd({ momentum: 0 }), carry: { [mean]: norm.outputs[1]!, [variance]: norm.outputs[2]! } })
    expect(step.state.at(-1)?.name).toBe(variance)
    const found = await runGraph(step.graph, { ...inputs, ...initialState(step), learningRate: scalar(0), step: scalar(1) })
    const seen = Object.values(await runGraph(cutAt(graph, [norm.inputs[0]!]), { image: inputs['image']! }))[0]!
    const [batch, channels, height, width] = seen.dims as [number, number, number, number]
    const count = batch * height * width
    for (let channel = 0; channel < channels; channel++) {
      const values = [...seen.data].map(Number).filter((_, index) => Math.floor(index / height / width) % channels === channel)
      const average = values.reduce((sum, value) => sum + value) / count
      const spread = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / count
      expect(Number(found[`${mean}/next`]!.data[channel])).toBeCloseTo(0.9 * floatsOf(graph.constants.get(mean)!)[channel]! + 0.1 * average, 5)
      expect(Number(found[`${variance}/next`]!.data[channel])).toBeCloseTo(0.9 * floatsOf(graph.constants.get(variance)!)[channel]! + 0.1 * spread, 5)
    }
  })
})

describe('a training step', () => {
  it('wants a loss of one number', () => {
    const { model, gradients } = golden[0]!
    expect(() => trainStep(decodeModel(model), { loss: 'image', parameters: Object.keys(gradients), optimiser: sgd() })).toThrow(/Expected the loss image to be one number, got \[6, 2, 6, 6\]/)
  })
})

describe('a cosine schedule', () => {
  it('warms up to its base, and falls to its end', () => {
    const rate = cosineSchedule({ base: 1, steps: 12, warmUp: 3, final: 0.1 })
    expect([1, 2, 3, 4].map(rate)).toEqual([0.25, 0.5, 0.75, 1])
    expect(rate(8)).toBeCloseTo(0.55)
    expect(rate(12)).toBeCloseTo(0.1)
    expect(rate(50)).toBeCloseTo(0.1)
    expect(cosineSchedule({ base: 2, steps: 1 })(1)).toBe(2)
  })
})
