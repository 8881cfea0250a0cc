/** The training loop: train steps in ONNX Runtime, a loss curve as progress, a checkpoint to go on from. */
import { GoodpartsError } from '../errors.ts'
import { encodeModel } from '../graph/encode.ts'
import { gradientOptionsFor } from '../graph/gradient/rule.ts'
import type { Optimiser } from '../graph/optimisers/optimiser.ts'
import { learningRateName, stepName, trainStep } from '../graph/train-step.ts'
import type { StateTensor, TrainStep } from '../graph/train-step.ts'
import { openSession } from '../runtime/onnx-runtime.ts'
import type { GraphSession, Tensor } from '../runtime/onnx-runtime.ts'
import type { Device } from '../runtime/loaded-model.ts'
import type { Checkpoint, TrainingState } from './checkpoint.ts'
import type { Network } from './network/network-builder.ts'
import { initialWeights } from './network/parameter.ts'
import type { Weights } from './network/parameter.ts'

export type Feeds = Readonly<Record<string, Tensor>>

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
  /** What a run with the same seed and network goes on from. */
  readonly checkpoint?: Checkpoint | undefined
  /** May throw to end it. */
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
  const { device = 'cpu', checkpoint } = work
  const step = stepOf(training, device)
  const reached = begin(training, step, checkpoint)
  const session = await openSession(encodeModel(step.graph), { device, threads: work.threads })
  try {
    while (reached.step < training.steps) {
      await work.step('training', reached.step, training.steps, reached.losses.at(-1))
      await advance(session, step, training, reached)
      if (checkpoint !== undefined && reached.step % checkpoint.every === 0) await checkpoint.keepTraining({ ...reached, losses: [...reached.losses] })
    }
    await work.step('training', training.steps, training.steps, reached.losses.at(-1))
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

async function advance (session: GraphSession, { state, loss }: TrainStep, training: Training, reached: TrainingState): Promise<void> {
  const number = reached.step + 1
  const results = await session.run({
    ...await training.feeds(number),
    ...Object.fromEntries(state.map(({ name, shape }): [string, Tensor] => [name, { type: 'float32', dims: shape, data: reached.state[name] as Float32Array }])),
    [learningRateName]: scalar(training.learningRate(number)),
    [stepName]: scalar(number)
  })
  const value = (results[loss]?.data as Float32Array)[0] as number
  if (!Number.isFinite(value)) {
    throw new GoodpartsError('GOODPARTS_FIT_FAILED', `Expected the loss to stay a number, got ${value} in step ${number} of ${training.steps}`,
      { fix: 'Train with another seed, or with a smaller learning rate.' })
  }
  reached.state = Object.fromEntries(state.map(({ name, next }) => [name, results[next]?.data as Float32Array]))
  reached.losses.push(value)
  reached.step = number
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

function scalar (value: number): Tensor {
  return { type: 'float32', dims: [], data: Float32Array.of(value) }
}
