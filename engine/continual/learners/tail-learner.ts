/**
 * Fine-tuning of the tail with latent replay (Pellegrini et al. 2020): the front of the backbone is frozen and its activations are what is kept and
 * replayed; its last block and a linear softmax are trained, on what comes and on what is remembered, with a review as `ReplayLearner` has it.
 */
import { GoodpartsError } from '../../errors.ts'
import { constantsToInputs } from '../../graph/edit.ts'
import { encodeModel } from '../../graph/encode.ts'
import { gradientOptionsFor } from '../../graph/gradient/rule.ts'
import { adamw } from '../../graph/optimisers/adamw.ts'
import type { Optimiser } from '../../graph/optimisers/optimiser.ts'
import { learningRateName, stepName, trainStep, type TrainStep } from '../../graph/train-step.ts'
import { permutation, seededRandom, type Random } from '../../random.ts'
import { openSession, type GraphSession, type Tensor } from '../../runtime/onnx-runtime.ts'
import type { ReplayBuffer } from '../buffers/replay-buffer.ts'
import type { ReplayItem } from '../buffers/replay-policy.ts'
import { randomSample } from '../samples.ts'
import { softmax, type Learner } from './classifier.ts'
import { blockWeight, headBias, headWeights, tailGraph, type Latent, type TailBlock } from './tail-graph.ts'

export interface TailTraining {
  /** Passes over a lot. */
  epochs: number
  /** Items of a step, half of them replayed. */
  batch: number
  learningRate: number
  /** Of the block, beside the head's. */
  blockShare: number
  reviewSteps: number
  reviewLearningRate: number
}

export const tailTrainingDefaults: TailTraining = { epochs: 3, batch: 32, learningRate: 5e-3, blockShare: 0.05, reviewSteps: 20, reviewLearningRate: 1e-3 }

export interface TailLearnerOptions {
  block: TailBlock
  buffer: ReplayBuffer
  /** Activations of a picture by its id. What has left the lot and the memory is not asked for again, but to be answered. */
  latentOf: (id: string) => Latent
  seed: number
  training?: Partial<TailTraining>
}

interface Answered { item: ReplayItem, outputs: { logits: Float32Array, pooled: Float32Array } }

export class TailLearner implements Learner {
  readonly buffer: ReplayBuffer
  readonly #options: TailLearnerOptions
  readonly #training: TailTraining
  readonly #random: Random
  readonly #classes: string[] = []
  /** Trained tensors by their names. */
  #state = new Map<string, Float32Array>()
  #standard: { centre: Float32Array, gain: Float32Array } | null = null
  #answers = new WeakMap<Float32Array, Float64Array>()

  constructor (options: TailLearnerOptions) {
    this.#options = options
    this.buffer = options.buffer
    this.#training = { ...tailTrainingDefaults, ...options.training }
    this.#random = seededRandom(options.seed)
    for (const [name, values] of Object.entries(options.block.weights)) this.#state.set(blockWeight(name), values)
  }

  get classes (): readonly string[] {
    return this.#classes
  }

  /** Of pictures that were prepared since the last lot. @throws GOODPARTS_ARGUMENT for others */
  probabilities (features: Float32Array): Float64Array {
    if (this.#classes.length === 0) return new Float64Array()
    const found = this.#answers.get(features)
    if (found === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected the picture to be prepared, got one that was not')
    return found
  }

  async prepare (items: readonly ReplayItem[]): Promise<void> {
    if (this.#classes.length === 0) return
    for (const { item, outputs } of await this.#run(items)) this.#answers.set(item.features, softmax(Float64Array.from(outputs.logits)))
  }

  async learn (lot: readonly ReplayItem[]): Promise<void> {
    if (lot.length === 0) return
    this.#answers = new WeakMap()
    this.#addClasses(lot)
    this.#standard ??= await this.#standardOf(lot)
    const { epochs, batch, learningRate, reviewSteps, reviewLearningRate } = this.#training
    const batches: ReplayItem[][] = []
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = permutation(lot.length, this.#random)
      for (let start = 0; start < order.length; start += batch / 2) {
        const incoming = Array.from(order.subarray(start, start + batch / 2), (index) => lot[index] as ReplayItem)
        batches.push([...incoming, ...randomSample(this.buffer.exemplars, batch / 2, this.#random)])
      }
    }
    await this.#train(batches, learningRate)
    this.buffer.observe(lot)
    await this.#train(Array.from({ length: reviewSteps }, () => randomSample(this.buffer.exemplars, batch, this.#random)), reviewLearningRate)
  }

  #addClasses (lot: readonly ReplayItem[]): void {
    for (const { label } of lot) if (!this.#classes.includes(label)) this.#classes.push(label)
    const width = (lot[0] as ReplayItem).features.length + this.#options.block.channels
    this.#state.set(headWeights, grown(this.#state.get(headWeights), this.#classes.length * width))
    this.#state.set(headBias, grown(this.#state.get(headBias), this.#classes.length))
  }

  /** Of the block's means over the first lot, which is all that is known at the beginning. */
  async #standardOf (lot: readonly ReplayItem[]): Promise<{ centre: Float32Array, gain: Float32Array }> {
    const { channels } = this.#options.block
    const rows = (await this.#run(lot)).map(({ outputs }) => outputs.pooled)
    const centre = Float32Array.from({ length: channels }, (_, channel) => rows.reduce((sum, row) => sum + (row[channel] as number), 0) / rows.length)
    const gain = centre.map((mean, channel) => 1 / (Math.sqrt(rows.reduce((sum, row) => sum + ((row[channel] as number) - mean) ** 2, 0) / rows.length) + 1e-3))
    return { centre, gain }
  }

  async #train (batches: ReadonlyArray<readonly ReplayItem[]>, learningRate: number): Promise<void> {
    const [first] = batches.find(({ length }) => length > 0) ?? []
    if (first === undefined) return
    const step = this.#stepOf(first)
    const session = await openSession(encodeModel(step.graph), { threads: 1 })
    // Each lot begins without moments, as the first did.
    const state = new Map(step.state.map(({ name, shape }) => [name, this.#state.get(name) ?? new Float32Array(shape.reduce((product, size) => product * size, 1))]))
    try {
      for (const [index, items] of batches.entries()) {
        const results = await session.run({
          ...this.#feeds(items),
          ...Object.fromEntries(step.state.map(({ name, shape }): [string, Tensor] => [name, floats(state.get(name) as Float32Array, shape)])),
          [learningRateName]: floats(Float32Array.of(learningRate), []),
          [stepName]: floats(Float32Array.of(index + 1), [])
        })
        for (const { name, next } of step.state) state.set(name, results[next]?.data as Float32Array)
      }
    } finally {
      await session.close()
    }
    for (const name of this.#state.keys()) this.#state.set(name, state.get(name) as Float32Array)
  }

  #stepOf (item: ReplayItem): TrainStep {
    const parameters = [...this.#state.keys()]
    return trainStep(this.#graph(item), { ...gradientOptionsFor('cpu'), loss: 'loss', parameters, optimiser: slowerBlock(adamw({ weightDecay: 0 }), this.#training.blockShare) })
  }

  #graph ({ id, features }: ReplayItem): ReturnType<typeof tailGraph> {
    const { height, width } = this.#options.latentOf(id)
    return tailGraph(this.#options.block, { batch: this.#training.batch, classes: this.#classes.length, features: features.length, height, width })
  }

  /** Each item with its row of every output. */
  async #run (items: readonly ReplayItem[]): Promise<Answered[]> {
    const [first] = items
    if (first === undefined) return []
    const graph = constantsToInputs(this.#graph(first), [...this.#state.keys()])
    const session = await openSession(encodeModel(graph), { threads: 1 })
    try {
      return await this.#answered(session, items, Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, (shape ?? []).map(Number)])))
    } finally {
      await session.close()
    }
  }

  async #answered (session: GraphSession, items: readonly ReplayItem[], shapes: Readonly<Record<string, number[]>>): Promise<Answered[]> {
    const weights = Object.fromEntries([...this.#state].map(([name, values]): [string, Tensor] => [name, floats(values, shapes[name] ?? [values.length])]))
    const found: Answered[] = []
    for (let start = 0; start < items.length; start += this.#training.batch) {
      const some = items.slice(start, start + this.#training.batch)
      const results = await session.run({ ...this.#feeds(some), ...weights }, ['logits', 'pooled'])
      const row = (name: string, index: number, width: number): Float32Array => (results[name]?.data as Float32Array).slice(index * width, (index + 1) * width)
      some.forEach((item, index) => found.push({ item, outputs: { logits: row('logits', index, this.#classes.length), pooled: row('pooled', index, this.#options.block.channels) } }))
    }
    return found
  }

  /** Rows beyond the items stay zero and weigh nothing. */
  #feeds (items: readonly ReplayItem[]): Record<string, Tensor> {
    const { block: { channels }, latentOf } = this.#options
    const { batch } = this.#training
    const first = items[0] as ReplayItem
    const { height, width, data: { length } } = latentOf(first.id)
    const [latent, features, target] = [new Float32Array(batch * length), new Float32Array(batch * first.features.length), new Float32Array(batch * this.#classes.length)]
    for (const [index, item] of items.entries()) {
      latent.set(latentOf(item.id).data, index * length)
      features.set(item.features, index * item.features.length)
      const label = this.#classes.indexOf(item.label)
      if (label >= 0) target[index * this.#classes.length + label] = 1 / items.length
    }
    return {
      latent: floats(latent, [batch, channels, height, width]),
      features: floats(features, [batch, first.features.length]),
      target: floats(target, [batch, this.#classes.length]),
      centre: floats(this.#standard?.centre ?? new Float32Array(channels), [1, channels]),
      gain: floats(this.#standard?.gain ?? new Float32Array(channels).fill(1), [1, channels])
    }
  }
}

/** What is trained already moves less than the head, which begins at zero. */
function slowerBlock (optimiser: Optimiser, share: number): Optimiser {
  return {
    moments: optimiser.moments,
    update: (builder, update) => optimiser.update(builder, update.parameter.startsWith(blockWeight('')) ? { ...update, learningRate: builder.node('Mul', [update.learningRate, builder.scalar(share)]) } : update)
  }
}

function floats (data: Float32Array, dims: readonly number[]): Tensor {
  return { type: 'float32', dims, data }
}

function grown (values: Float32Array | undefined, length: number): Float32Array {
  const larger = new Float32Array(length)
  larger.set(values ?? [])
  return larger
}
