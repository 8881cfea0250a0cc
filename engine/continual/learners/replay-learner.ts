/**
 * Experience replay with review (Mai et al. 2020, "Batch-level Experience Replay with Review") on frozen features: each step learns from what
 * comes and from the memory, then a slower pass over the memory alone puts the classes back in balance.
 */
import { permutation, seededRandom } from '../../random.ts'
import type { Random } from '../../random.ts'
import type { ReplayBuffer } from '../buffers/replay-buffer.ts'
import type { ReplayItem } from '../buffers/replay-policy.ts'
import type { Learner } from './classifier.ts'
import { SoftmaxHead } from './softmax-head.ts'

/** What is replayed from. */
export type ReplayMemory = Pick<ReplayBuffer, 'exemplars' | 'observe' | 'retrieve'>

export interface TrainingOptions {
  /** Passes over a lot. */
  epochs: number
  /** Items of the lot, and as many of the memory, per step. */
  batchSize: number
  learningRate: number
  /** Steps over the whole memory after a lot; 0 = no review. */
  reviewSteps: number
  reviewLearningRate: number
}

export const trainingDefaults: TrainingOptions = { epochs: 6, batchSize: 32, learningRate: 5e-3, reviewSteps: 30, reviewLearningRate: 1e-3 }

export class ReplayLearner implements Learner {
  /** What is replayed; `null` = plain fine-tuning, which forgets. */
  readonly buffer: ReplayMemory | null
  readonly #options: TrainingOptions
  readonly #random: Random
  #head: SoftmaxHead | null = null

  constructor (buffer: ReplayMemory | null, seed: number, options: Partial<TrainingOptions> = {}) {
    this.buffer = buffer
    this.#options = { ...trainingDefaults, ...options }
    this.#random = seededRandom(seed)
  }

  get classes (): readonly string[] {
    return this.#head?.classes ?? []
  }

  probabilities (features: Float32Array): Float64Array {
    return this.#head?.probabilities(features) ?? new Float64Array()
  }

  logProbabilities (features: Float32Array): Float64Array {
    return this.#head?.logProbabilities(features) ?? new Float64Array()
  }

  learn (lot: readonly ReplayItem[]): void {
    const [first] = lot
    if (first === undefined) return
    const head = this.#head ??= new SoftmaxHead(first.features.length)
    head.addClasses(lot.map(({ label }) => label))
    head.resetOptimiser()
    this.#train(head, lot)
    this.buffer?.observe(lot, head)
    this.#review(head)
  }

  #train (head: SoftmaxHead, lot: readonly ReplayItem[]): void {
    const { epochs, batchSize, learningRate } = this.#options
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = permutation(lot.length, this.#random)
      for (let start = 0; start < order.length; start += batchSize) {
        const incoming = Array.from(order.subarray(start, start + batchSize), (index) => lot[index] as ReplayItem)
        const replayed = this.buffer?.retrieve({ count: batchSize, head, incoming, learningRate }) ?? []
        head.adamStep([...incoming, ...replayed], learningRate)
      }
    }
  }

  #review (head: SoftmaxHead): void {
    const memory = this.buffer?.exemplars ?? []
    if (memory.length === 0) return
    head.resetOptimiser()
    for (let step = 0; step < this.#options.reviewSteps; step++) head.adamStep(memory, this.#options.reviewLearningRate)
  }
}
