/**
 * Supervised contrastive replay (Mai et al. 2021) on frozen features: a small network is trained to bring class mates together, of what comes and of
 * what is remembered, and the nearest mean of the remembered, seen through it, answers.
 */
import { GoodpartsError } from '../../errors.ts'
import { encodeModel } from '../../graph/encode.ts'
import type { Dimension, Value } from '../../graph/graph.ts'
import { adamw } from '../../graph/optimisers/adamw.ts'
import { permutation, seededRandom, type Random } from '../../random.ts'
import { openSession } from '../../runtime/onnx-runtime.ts'
import { exportInference } from '../../training/network/export-inference.ts'
import { linear } from '../../training/network/layers.ts'
import { excluded, supervisedContrastiveLoss } from '../../training/network/losses.ts'
import { NetworkBuilder, type Network } from '../../training/network/network-builder.ts'
import { rectifierGain, type Weights } from '../../training/network/parameter.ts'
import { train, type Feeds } from '../../training/train.ts'
import type { ReplayBuffer } from '../buffers/replay-buffer.ts'
import type { ReplayItem } from '../buffers/replay-policy.ts'
import { countByLabel, randomSample } from '../samples.ts'
import { ClassMeans } from './class-means.ts'
import type { Learner } from './classifier.ts'

export interface ContrastiveTraining {
  /** Passes over a lot. */
  epochs: number
  /** Rows of a step. */
  batch: number
  /** Of them, those that come; the rest is replayed. */
  incoming: number
  learningRate: number
  /** Steps over the memory alone after a lot; 0 = no review. */
  reviewSteps: number
  reviewLearningRate: number
  temperature: number
  /** Numbers of the representation that means are taken of, and of the projection that the loss compares. */
  width: number
  projection: number
}

export const contrastiveDefaults: ContrastiveTraining = { epochs: 3, batch: 96, incoming: 32, learningRate: 1e-3, reviewSteps: 30, reviewLearningRate: 1e-4, temperature: 0.1, width: 160, projection: 128 }

/** Input `features` `(rows, inputs)`, output `representation` `(rows, width)`; what the loss compares is projected from it. */
function addEncoder (network: NetworkBuilder, rows: Dimension, inputs: number, width: number): Value {
  const found = linear(network, 'encoder', network.graph.input('features', 'float32', [rows, inputs]), { inputs, outputs: width })
  network.graph.output('representation', found, 'float32', [rows, width])
  return found
}

function encoderNetwork (inputs: number, width: number): Network {
  const network = new NetworkBuilder('contrastive encoder')
  addEncoder(network, 'N', inputs, width)
  return network.build()
}

function trainingNetwork (inputs: number, { batch, width, projection, temperature }: ContrastiveTraining): Network {
  const network = new NetworkBuilder('supervised contrastive replay')
  const { graph } = network
  const encoded = graph.node('Relu', [addEncoder(network, batch, inputs, width)])
  const hidden = graph.node('Relu', [linear(network, 'projection.first', encoded, { inputs: width, outputs: width, gain: rectifierGain })])
  const projected = linear(network, 'projection.last', hidden, { inputs: width, outputs: projection })
  const [mates, left] = [graph.input('mates', 'float32', [batch, batch]), graph.input('left', 'float32', [batch, batch])]
  graph.output('loss', supervisedContrastiveLoss(network, projected, { mates, left, temperature }), 'float32', [])
  return network.build()
}

/** Class mates and what is left out, as `supervisedContrastiveLoss` takes them; rows beyond the items are not there. */
function feedsOf (items: readonly ReplayItem[], batch: number): Feeds {
  const width = (items[0] as ReplayItem).features.length
  const [features, mates, left] = [new Float32Array(batch * width), new Float32Array(batch * batch), new Float32Array(batch * batch).fill(excluded)]
  const counts = countByLabel(items)
  const anchors = items.filter(({ label }) => (counts.get(label) as number) > 1).length
  for (const [row, item] of items.entries()) {
    features.set(item.features, row * width)
    for (const [column, { label }] of items.entries()) {
      if (column === row) continue
      left[row * batch + column] = 0
      if (label === item.label) mates[row * batch + column] = 1 / (((counts.get(label) as number) - 1) * anchors)
    }
  }
  return {
    features: { type: 'float32', dims: [batch, width], data: features },
    mates: { type: 'float32', dims: [batch, batch], data: mates },
    left: { type: 'float32', dims: [batch, batch], data: left }
  }
}

export class ContrastiveReplay implements Learner {
  readonly buffer: ReplayBuffer
  readonly #training: ContrastiveTraining
  readonly #random: Random
  readonly #seed: number
  #weights: Weights = {}
  #means = new ClassMeans([])
  #represented = new WeakMap<Float32Array, Float32Array>()

  constructor (buffer: ReplayBuffer, seed: number, training: Partial<ContrastiveTraining> = {}) {
    this.buffer = buffer
    this.#training = { ...contrastiveDefaults, ...training }
    this.#random = seededRandom(seed)
    this.#seed = seed
  }

  get classes (): readonly string[] {
    return this.#means.classes
  }

  /** Of pictures that were prepared since the last lot. @throws GOODPARTS_ARGUMENT for others */
  probabilities (features: Float32Array): Float64Array {
    if (this.classes.length === 0) return new Float64Array()
    const found = this.#represented.get(features)
    if (found === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected the picture to be prepared, got one that was not')
    return this.#means.probabilities(found)
  }

  async prepare (items: readonly ReplayItem[]): Promise<void> {
    if (this.classes.length === 0) return
    for (const [index, found] of (await this.#represent(items)).entries()) this.#represented.set((items[index] as ReplayItem).features, found)
  }

  async learn (lot: readonly ReplayItem[]): Promise<void> {
    if (lot.length === 0) return
    const { epochs, batch, incoming, learningRate, reviewSteps, reviewLearningRate } = this.#training
    const steps: ReplayItem[][] = []
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = permutation(lot.length, this.#random)
      for (let start = 0; start < order.length; start += incoming) {
        const come = Array.from(order.subarray(start, start + incoming), (index) => lot[index] as ReplayItem)
        steps.push([...come, ...randomSample(this.buffer.exemplars, batch - come.length, this.#random)])
      }
    }
    await this.#train(steps, learningRate)
    this.buffer.observe(lot)
    await this.#train(Array.from({ length: reviewSteps }, () => randomSample(this.buffer.exemplars, batch, this.#random)), reviewLearningRate)
    this.#represented = new WeakMap()
    const { exemplars } = this.buffer
    this.#means = new ClassMeans((await this.#represent(exemplars)).map((features, index) => ({ label: (exemplars[index] as ReplayItem).label, features })))
  }

  /** Each lot begins without moments, as the first did. */
  async #train (steps: readonly ReplayItem[][], learningRate: number): Promise<void> {
    const inputs = steps[0]?.[0]?.features.length
    if (inputs === undefined) return
    const { weights } = await train({
      network: trainingNetwork(inputs, this.#training),
      optimiser: adamw({ weightDecay: 0 }),
      steps: steps.length,
      learningRate: () => learningRate,
      seed: this.#seed,
      weights: this.#weights,
      feeds: (step) => feedsOf(steps[step - 1] as ReplayItem[], this.#training.batch)
    }, { threads: 1, step: () => Promise.resolve() })
    this.#weights = weights
  }

  async #represent (items: readonly ReplayItem[]): Promise<Float32Array[]> {
    const inputs = items[0]?.features.length
    if (inputs === undefined) return []
    const { width } = this.#training
    const session = await openSession(encodeModel(exportInference(encoderNetwork(inputs, width), this.#weights)), { threads: 1 })
    try {
      const features = new Float32Array(items.length * inputs)
      for (const [row, item] of items.entries()) features.set(item.features, row * inputs)
      const { representation } = await session.run({ features: { type: 'float32', dims: [items.length, inputs], data: features } })
      return items.map((_, row) => (representation?.data as Float32Array).slice(row * width, (row + 1) * width))
    } finally {
      await session.close()
    }
  }
}
