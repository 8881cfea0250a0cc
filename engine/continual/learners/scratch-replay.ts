/**
 * Experience replay (Chaudhry et al. 2019) with review (Mai et al. 2020) of a network that begins at random weights: one pass over what comes, in small
 * batches, each with as many of the memory. What is remembered is seen anew through the network before a policy chooses by features. Policies that look
 * at gradients see those of the last layer.
 */
import { GoodpartsError } from '../../errors.ts'
import { encodeModel } from '../../graph/encode.ts'
import { sgd } from '../../graph/optimisers/sgd.ts'
import { learningRateName, stepName } from '../../graph/train-step.ts'
import { permutation, seededRandom, type Random } from '../../random.ts'
import { openSession, type GraphSession, type Tensor } from '../../runtime/onnx-runtime.ts'
import { stepOf } from '../../training/train.ts'
import { initialWeights } from '../../training/network/parameter.ts'
import type { ReplayBuffer } from '../buffers/replay-buffer.ts'
import type { ReplayItem } from '../buffers/replay-policy.ts'
import type { Learner } from './classifier.ts'
import { SoftmaxHead } from './softmax-head.ts'
import { headBias, headWeight, representationNetwork, representationWidth, trainingNetwork, type ScratchShape } from './scratch-network.ts'

/** Rows of a step. */
const rows = 20
/** Items of the lot in a step, and as many of the memory: one mean over both, plain gradient descent. */
const incoming = rows / 2
const learningRate = 0.05
/** Passes of a review, and their rate. */
const reviewEpochs = 3
const reviewLearningRate = learningRate / 2

export interface ScratchReplayOptions {
  /** What is replayed; `null` = plain fine-tuning, which forgets. */
  buffer: ReplayBuffer | null
  shape: ScratchShape
  seed: number
  /** Called between steps: lets others have their turn, and may throw to end it. */
  breathe?: () => Promise<void>
}

/** Items come with their pixels `(edge, edge)`, about -1 to 1, as features; the memory holds them with their representation. */
export class ScratchReplay implements Learner {
  readonly buffer: ReplayBuffer | null
  readonly #shape: ScratchShape
  /** Of the order in which items come, the same whatever is remembered. */
  readonly #order: Random
  readonly #review: Random
  readonly #breathe: () => Promise<void>
  readonly #classes: string[] = []
  /** Of what may be replayed, by id. */
  #pixels = new Map<string, Float32Array>()
  #weights: Record<string, Float32Array>
  #prepared = new WeakMap<Float32Array, Float32Array>()

  constructor ({ buffer, shape, seed, breathe = async () => Promise.resolve() }: ScratchReplayOptions) {
    this.#breathe = breathe
    this.buffer = buffer
    this.#shape = shape
    this.#order = seededRandom(seed)
    this.#review = seededRandom(seed + 1)
    this.#weights = { ...initialWeights(trainingNetwork(1, shape).parameters, seed) }
  }

  get classes (): readonly string[] {
    return this.#classes
  }

  /** Of pictures that were prepared since the last step. @throws GOODPARTS_ARGUMENT for others */
  probabilities (features: Float32Array): Float64Array {
    if (this.#classes.length === 0) return new Float64Array()
    return this.#head().probabilities(this.representation(features))
  }

  logProbabilities (features: Float32Array): Float64Array {
    return this.#classes.length === 0 ? new Float64Array() : this.#head().logProbabilities(this.representation(features))
  }

  /** `(96)`, of a picture that was prepared since the last step. @throws GOODPARTS_ARGUMENT for others */
  representation (pixels: Float32Array): Float32Array {
    const found = this.#prepared.get(pixels)
    if (found === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected the picture to be prepared, got one that was not')
    return found
  }

  async prepare (items: readonly ReplayItem[]): Promise<void> {
    await this.#representing(async (represent) => {
      for (const [index, found] of (await represent(items.map(({ features }) => features))).entries()) this.#prepared.set((items[index] as ReplayItem).features, found)
    })
  }

  /** @throws GOODPARTS_ARGUMENT for more classes than outputs, GOODPARTS_FIT_FAILED when the loss is no number any more, and what `breathe` throws */
  async learn (lot: readonly ReplayItem[]): Promise<void> {
    if (lot.length === 0) return
    this.#addClasses(lot)
    for (const { id, features } of lot) this.#pixels.set(id, features)
    await this.#representing(async (represent) => {
      await this.#stepping(async (step) => {
        const order = permutation(lot.length, this.#order)
        for (let start = 0; start < order.length; start += incoming) {
          const come = Array.from(order.subarray(start, start + incoming), (index) => lot[index] as ReplayItem)
          await step([...come, ...await this.#replayed(come, represent)], learningRate)
          if (this.buffer?.policy.online === true) this.buffer.observe(await represented(come, represent))
        }
      })
      await this.#remember(lot, represent)
    })
  }

  /** Passes at a lower rate, so that the classes come back into balance: over the memory alone, or over `items`. */
  async review (items?: readonly ReplayItem[]): Promise<void> {
    const reviewed = items ?? (this.buffer?.exemplars ?? []).map((exemplar) => this.#seen(exemplar))
    await this.#stepping(async (step) => {
      for (let epoch = 0; epoch < reviewEpochs; epoch++) {
        const order = permutation(reviewed.length, this.#review)
        for (let start = 0; start < order.length; start += rows) {
          await step(Array.from(order.subarray(start, start + rows), (index) => reviewed[index] as ReplayItem), reviewLearningRate)
        }
      }
    })
  }

  /** The memory's items with their pixels. */
  async #replayed (come: readonly ReplayItem[], represent: Represent): Promise<ReplayItem[]> {
    const { buffer } = this
    if (buffer === null || buffer.exemplars.length === 0) return []
    // A rule of its own looks at features and at the head, which change with every step.
    const looks = buffer.policy.retrieve !== undefined
    if (looks) await this.#refresh(buffer, represent)
    const found = buffer.retrieve({ count: incoming, head: looks ? this.#head() : null, incoming: looks ? await represented(come, represent) : come, learningRate })
    return found.map((exemplar) => this.#seen(exemplar))
  }

  /** Lets the policy choose, by what the network sees now. */
  async #remember (lot: readonly ReplayItem[], represent: Represent): Promise<void> {
    const { buffer } = this
    if (buffer !== null) {
      await this.#refresh(buffer, represent)
      if (buffer.policy.online !== true) buffer.observe(await represented(lot, represent), this.#head())
    }
    const kept = buffer?.exemplars ?? []
    this.#pixels = new Map(kept.map(({ id }) => [id, this.#pixels.get(id) as Float32Array]))
  }

  async #refresh (buffer: ReplayBuffer, represent: Represent): Promise<void> {
    const { exemplars } = buffer
    const found = await represent(exemplars.map(({ id }) => this.#pixels.get(id) as Float32Array))
    buffer.refresh(new Map(exemplars.map(({ id }, index) => [id, found[index] as Float32Array])))
  }

  #seen (item: ReplayItem): ReplayItem {
    return { ...item, features: this.#pixels.get(item.id) as Float32Array }
  }

  #addClasses (lot: readonly ReplayItem[]): void {
    for (const { label } of lot) if (!this.#classes.includes(label)) this.#classes.push(label)
    if (this.#classes.length > this.#shape.classes) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected at most ${this.#shape.classes} classes, got ${this.#classes.length}`)
  }

  #head (): SoftmaxHead {
    return SoftmaxHead.of(this.#classes, this.#weights[headWeight] as Float32Array, this.#weights[headBias] as Float32Array)
  }

  async #stepping (work: (step: (items: readonly ReplayItem[], learningRate: number) => Promise<void>) => Promise<void>): Promise<void> {
    const { graph, loss, state } = stepOf({ network: trainingNetwork(rows, this.#shape), optimiser: sgd({ momentum: 0 }) }, 'cpu')
    const session = await openSession(encodeModel(graph), { threads: 1 })
    this.#prepared = new WeakMap()
    try {
      await work(async (items, learningRate) => {
        await this.#breathe()
        const results = await session.run({
          ...this.#feeds(items),
          ...Object.fromEntries(state.map(({ name, shape }): [string, Tensor] => [name, floats(this.#weights[name] as Float32Array, shape)])),
          [learningRateName]: floats(Float32Array.of(learningRate), []),
          [stepName]: floats(Float32Array.of(1), [])
        })
        const value = (results[loss]?.data as Float32Array)[0] as number
        if (!Number.isFinite(value)) throw new GoodpartsError('GOODPARTS_FIT_FAILED', `Expected the loss to stay a number, got ${value}`, { fix: 'Use other seeds.' })
        for (const { name, next } of state) this.#weights[name] = results[next]?.data as Float32Array
      })
    } finally {
      await session.close()
    }
  }

  /** Rows beyond the items stay zero and weigh nothing. */
  #feeds (items: readonly ReplayItem[]): Record<string, Tensor> {
    const { edge, classes } = this.#shape
    const [pictures, target] = [new Float32Array(rows * edge * edge), new Float32Array(rows * classes)]
    for (const [row, { features, label }] of items.entries()) {
      pictures.set(features, row * edge * edge)
      target[row * classes + this.#classes.indexOf(label)] = rows / items.length
    }
    return { pictures: floats(pictures, [rows, 1, edge, edge]), target: floats(target, [rows, classes]) }
  }

  async #representing<Result> (work: (represent: Represent) => Promise<Result>): Promise<Result> {
    const { graph, parameters } = representationNetwork(this.#shape.edge)
    const session = await openSession(encodeModel(graph), { threads: 1 })
    try {
      return await work((pixels) => this.#represent(session, parameters, pixels))
    } finally {
      await session.close()
    }
  }

  async #represent (session: GraphSession, parameters: ReturnType<typeof representationNetwork>['parameters'], pixels: readonly Float32Array[]): Promise<Float32Array[]> {
    const { edge } = this.#shape
    const weights = Object.fromEntries(parameters.map(({ name, shape }): [string, Tensor] => [name, floats(this.#weights[name] as Float32Array, shape)]))
    const found: Float32Array[] = []
    for (let start = 0; start < pixels.length; start += atOnce) {
      await this.#breathe()
      const some = pixels.slice(start, start + atOnce)
      const pictures = new Float32Array(some.length * edge * edge)
      for (const [row, values] of some.entries()) pictures.set(values, row * edge * edge)
      const { features } = await session.run({ pictures: floats(pictures, [some.length, 1, edge, edge]), ...weights })
      for (let row = 0; row < some.length; row++) found.push((features?.data as Float32Array).slice(row * representationWidth, (row + 1) * representationWidth))
    }
    return found
  }
}

type Represent = (pixels: readonly Float32Array[]) => Promise<Float32Array[]>

/** Pictures of one run: more gain nothing and take memory. */
const atOnce = 100

async function represented (items: readonly ReplayItem[], represent: Represent): Promise<ReplayItem[]> {
  const found = await represent(items.map(({ features }) => features))
  return items.map((item, index) => ({ ...item, features: found[index] as Float32Array }))
}

function floats (data: Float32Array, dims: readonly number[]): Tensor {
  return { type: 'float32', dims, data }
}
