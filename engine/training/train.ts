/** The training loop: train steps in ONNX Runtime, a loss curve as progress, a checkpoint to go on from. */
import { GoodpartsError } from '../errors.ts'
import { encodeModel } from '../graph/encode.ts'
import { gradientOptionsFor } from '../graph/gradient/rule.ts'
import { loopSteps } from '../graph/loop-steps.ts'
import type { Optimiser } from '../graph/optimisers/optimiser.ts'
import { learningRateName, stepName, trainStep } from '../graph/train-step.ts'
import type { StateTensor, TrainStep } from '../graph/train-step.ts'
import { openSession } from '../runtime/onnx-runtime.ts'
import type { FloatTensor, GraphSession } from '../runtime/onnx-runtime.ts'
import type { Device } from '../runtime/loaded-model.ts'
import type { Checkpoint, TrainingState } from './checkpoint.ts'
import type { Network } from './network/network-builder.ts'
import { initialWeights } from './network/parameter.ts'
import type { Weights } from './network/parameter.ts'

export type Feeds = Readonly<Record<string, FloatTensor>>

export interface Training {
  /** Its sizes are numbers, the batch among them; its output `loss` is one number. */
  network: Network
  optimiser: Optimiser
  steps: number
  /** By the number of the step, from 1. */
  learningRate (step: number): number
  /** Upper bound of the norm of all gradients together. */
  clipNorm?: number
  seed: number
  /** Where to begin instead of fresh weights. */
  weights?: Weights
  /** The network's other inputs in this step, from 1. The same step must give the same: draw by `stepRandom`. */
  feeds (step: number): Promise<Feeds> | Feeds
}

/** What the loop reports to; `FitWork` is one. */
export interface TrainingWork {
  readonly threads: number
  /** Where the steps run; default `cpu`. */
  readonly device?: Device
  /** Steps in one run of the runtime; default what suits the device. The numbers are the same. */
  readonly stepsPerRun?: number
  /** What a run with the same seed and network goes on from. */
  readonly checkpoint?: Checkpoint | undefined
  /** Told of every step, after the run that it was part of; may throw to end it. */
  step (stage: string, done: number, total: number, loss?: number): Promise<void>
  /** Told of a training that has ended: one loss per step, those before a checkpoint included. */
  trained? (losses: readonly number[]): void
}

export interface Trained {
  weights: Weights
  /** One per step. */
  losses: readonly number[]
}

/** @throws GOODPARTS_FIT_FAILED when the loss is no number any more, GOODPARTS_ARGUMENT when the checkpoint is of another training, and what `work.step` throws. */
export async function train (training: Training, work: TrainingWork): Promise<Trained> {
  const { device = 'cpu', checkpoint, stepsPerRun = suited(device) } = work
  const step = stepOf(training, device)
  const reached = begin(training, step, checkpoint)
  const session = await openSession(encodeModel(stepsPerRun === 1 ? step.graph : loopSteps(step, 'steps').graph), { device, threads: work.threads })
  try {
    await work.step('training', reached.step, training.steps, reached.losses.at(-1))
    while (reached.step < training.steps) {
      const before = reached.step
      const last = Math.min(training.steps, ...[stepsPerRun, checkpoint?.every ?? stepsPerRun].map((every) => every * (Math.floor(before / every) + 1)))
      await advance(session, step, training, reached, stepsPerRun === 1 ? null : last)
      if (checkpoint !== undefined && reached.step % checkpoint.every === 0) await checkpoint.keepTraining({ ...reached, losses: [...reached.losses] })
      for (let done = before + 1; done <= reached.step; done++) await work.step('training', done, training.steps, reached.losses[done - 1])
    }
  } finally {
    await session.close()
  }
  work.trained?.(reached.losses)
  return { weights: Object.fromEntries(training.network.parameters.map(({ name }) => [name, reached.state[name] as Float32Array])), losses: reached.losses }
}

/** The graph of one step. */
export function stepOf ({ network, optimiser, clipNorm }: Pick<Training, 'network' | 'optimiser' | 'clipNorm'>, device: Device): TrainStep {
  return trainStep(network.graph, {
    ...gradientOptionsFor(device),
    loss: 'loss',
    parameters: network.parameters.filter(({ next }) => next === undefined).map(({ name }) => name),
    carry: Object.fromEntries(network.parameters.flatMap(({ name, next }) => next === undefined ? [] : [[name, next]])),
    optimiser,
    ...(clipNorm === undefined ? {} : { clipNorm })
  })
}

/** @param last Of several steps in one run; `null`: one step alone. */
async function advance (session: GraphSession, { state, loss }: TrainStep, training: Training, reached: TrainingState, last: number | null): Promise<void> {
  const first = reached.step + 1
  const results = await session.run({
    ...last === null ? { ...await training.feeds(first), [learningRateName]: scalar(training.learningRate(first)) } : await feedsOfSteps(training, first, last),
    ...Object.fromEntries(state.map(({ name, shape }): [string, FloatTensor] => [name, { type: 'float32', dims: shape, data: reached.state[name] as Float32Array }])),
    [stepName]: scalar(first)
  })
  const losses = [...results[loss]?.data as Float32Array]
  const lost = losses.findIndex((value) => !Number.isFinite(value))
  if (lost !== -1) {
    throw new GoodpartsError('GOODPARTS_FIT_FAILED', `Expected the loss to stay a number, got ${losses[lost] ?? NaN} in step ${first + lost} of ${training.steps}`,
      { fix: 'Train with another seed, or with a smaller learning rate.' })
  }
  reached.state = Object.fromEntries(state.map(({ name, next }) => [name, results[next]?.data as Float32Array]))
  reached.losses.push(...losses)
  reached.step += losses.length
}

/** What `loopSteps` takes of these steps: feeds and rates, each with a first axis of as many. */
export async function feedsOfSteps (training: Pick<Training, 'feeds' | 'learningRate'>, first: number, last: number): Promise<Feeds> {
  const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index)
  const each: Feeds[] = []
  for (const number of numbers) each.push(await training.feeds(number))
  const names = Object.keys(each[0] ?? {})
  return {
    ...Object.fromEntries(names.map((name) => [name, stacked(each.map((feeds) => feeds[name] as FloatTensor))])),
    [learningRateName]: { type: 'float32', dims: [numbers.length], data: Float32Array.from(numbers, (number) => training.learningRate(number)) }
  }
}

function stacked (tensors: readonly FloatTensor[]): FloatTensor {
  const [{ dims, data: { length } }] = tensors as readonly [FloatTensor, ...FloatTensor[]]
  const data = new Float32Array(tensors.length * length)
  tensors.forEach((tensor, index) => { data.set(tensor.data, index * length) })
  return { type: 'float32', dims: [tensors.length, ...dims], data }
}

/**
 * Several where weights then stay on the device between them. WebGPU's provider has no `Loop` of its own: the processor's runs its body there and
 * brings all of the state back after every step, so that nothing is gained; what TensorRT makes of one is not known.
 */
function suited (device: Device): number {
  return device === 'cuda' ? 10 : 1
}

/** Fresh, given, or taken up where the checkpoint left it. */
function begin (training: Training, step: TrainStep, checkpoint: Checkpoint | undefined): TrainingState {
  const { seed } = training
  const found = checkpoint?.training ?? null
  if (found !== null) {
    const differs = step.state.find(({ name, shape }) => found.state[name]?.length !== count(shape))
    if (found.seed !== seed || differs !== undefined) {
      throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the checkpoint ${checkpoint?.path ?? ''} to be of this training, got ${differs === undefined ? `seed ${found.seed}` : `other sizes at ${differs.name}`}`,
        { fix: 'Delete the file to begin anew.' })
    }
    return { ...found, losses: [...found.losses] }
  }
  return { step: 0, seed, losses: [], state: beginningState(training, step) }
}

/** Weights fresh or as given, moments zero. */
export function beginningState ({ network, seed, weights }: Pick<Training, 'network' | 'seed' | 'weights'>, { state }: TrainStep): Record<string, Float32Array> {
  const fresh = { ...initialWeights(network.parameters, seed), ...weights }
  return Object.fromEntries(state.map((tensor) => [tensor.name, fresh[tensor.name] ?? zeros(tensor)]))
}

function zeros ({ shape }: StateTensor): Float32Array {
  return new Float32Array(count(shape))
}

function count (shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

function scalar (value: number): FloatTensor {
  return { type: 'float32', dims: [], data: Float32Array.of(value) }
}
