/**
 * Nearest class mean over the memory (Mensink et al. 2013; in replay: Mai et al. 2021): no training, one mean of unit vectors per class, cosine
 * to each.
 */
import type { ReplayBuffer } from '../buffers/replay-buffer.ts'
import type { ReplayItem } from '../buffers/replay-policy.ts'
import { byLabel } from '../samples.ts'
import { defaultTemperature } from '../snnl.ts'
import { dot, meanVector, unit } from '../vectors.ts'
import { softmax, type Classifier, type Learner } from './classifier.ts'

export class ClassMeans implements Classifier {
  readonly classes: readonly string[]
  readonly #means: readonly Float32Array[]

  constructor (items: ReadonlyArray<{ label: string, features: Float32Array }>) {
    const groups = [...byLabel(items)]
    this.classes = groups.map(([label]) => label)
    this.#means = groups.map(([, members]) => unit(meanVector(members.map(({ features }) => unit(features)))))
  }

  /** Softmax of the cosines over the temperature of SNNL. */
  probabilities (features: Float32Array): Float64Array {
    const direction = unit(features)
    return softmax(Float64Array.from(this.#means, (mean) => dot(direction, mean) / defaultTemperature))
  }
}

export class ClassMeanLearner implements Learner {
  readonly buffer: ReplayBuffer
  #means = new ClassMeans([])

  constructor (buffer: ReplayBuffer) {
    this.buffer = buffer
  }

  get classes (): readonly string[] {
    return this.#means.classes
  }

  probabilities (features: Float32Array): Float64Array {
    return this.#means.probabilities(features)
  }

  learn (lot: readonly ReplayItem[]): void {
    this.buffer.observe(lot)
    this.#means = new ClassMeans(this.buffer.exemplars)
  }
}
