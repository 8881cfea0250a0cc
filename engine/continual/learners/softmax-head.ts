/** A linear softmax classifier on features, trained by gradient descent on the mean cross-entropy; it grows as classes come. */
import type { Head } from '../buffers/replay-policy.ts'
import type { LabelledPoint } from '../snnl.ts'
import { logSoftmax, softmax } from './classifier.ts'

/** Of Adam (Kingma and Ba 2015). */
const firstDecay = 0.9
const secondDecay = 0.999
const smallest = 1e-8

export class SoftmaxHead implements Head {
  readonly classes: string[] = []
  readonly #width: number
  /** `(classes, width + 1)` row-major, the bias last. */
  #weights: Float64Array<ArrayBuffer>
  #first = new Float64Array()
  #second = new Float64Array()
  #steps = 0

  /** @param width Numbers in a feature vector. */
  constructor (width: number) {
    this.#width = width
    this.#weights = new Float64Array()
  }

  /** From a trained layer. @param weights `(width, outputs)`, outputs at least as many as classes. @param biases `(outputs)`. */
  static of (classes: readonly string[], weights: Float32Array, biases: Float32Array): SoftmaxHead {
    const outputs = biases.length
    const head = new SoftmaxHead(weights.length / outputs)
    head.classes.push(...classes)
    const stride = head.#width + 1
    head.#weights = Float64Array.from({ length: classes.length * stride }, (_, at) => {
      const [row, column] = [Math.floor(at / stride), at % stride]
      return (column === head.#width ? biases[row] : weights[column * outputs + row]) as number
    })
    return head
  }

  /** New classes begin at zero, as likely as any other. */
  addClasses (labels: Iterable<string>): void {
    for (const label of labels) if (!this.classes.includes(label)) this.classes.push(label)
    this.#weights = grown(this.#weights, this.classes.length * (this.#width + 1))
  }

  probabilities (features: Float32Array): Float64Array {
    return softmax(this.#logits(features))
  }

  logProbabilities (features: Float32Array): Float64Array {
    return logSoftmax(this.#logits(features))
  }

  stepped (batch: readonly LabelledPoint[], learningRate: number): SoftmaxHead {
    const next = new SoftmaxHead(this.#width)
    next.classes.push(...this.classes)
    const gradient = this.#gradient(batch)
    next.#weights = this.#weights.map((weight, index) => weight - learningRate * (gradient[index] as number))
    return next
  }

  /** One step of Adam; labels that are no class yet must have been added before. */
  adamStep (batch: readonly LabelledPoint[], learningRate: number): void {
    const gradient = this.#gradient(batch)
    this.#first = grown(this.#first, gradient.length)
    this.#second = grown(this.#second, gradient.length)
    this.#steps++
    const rate = learningRate * Math.sqrt(1 - secondDecay ** this.#steps) / (1 - firstDecay ** this.#steps)
    for (let i = 0; i < gradient.length; i++) {
      const slope = gradient[i] as number
      const first = this.#first[i] = firstDecay * (this.#first[i] as number) + (1 - firstDecay) * slope
      const second = this.#second[i] = secondDecay * (this.#second[i] as number) + (1 - secondDecay) * slope * slope
      this.#weights[i] = (this.#weights[i] as number) - rate * first / (Math.sqrt(second) + smallest)
    }
  }

  /** Forgets the moments: the next lot begins as the first did. */
  resetOptimiser (): void {
    this.#first = new Float64Array()
    this.#second = new Float64Array()
    this.#steps = 0
  }

  #logits (features: Float32Array): Float64Array {
    const stride = this.#width + 1
    return Float64Array.from(this.classes, (_, row) => {
      const start = row * stride
      let sum = this.#weights[start + this.#width] as number
      for (let i = 0; i < this.#width; i++) sum += (this.#weights[start + i] as number) * (features[i] as number)
      return sum
    })
  }

  /** Of the mean cross-entropy of the batch, as the weights lie. */
  #gradient (batch: readonly LabelledPoint[]): Float64Array {
    const stride = this.#width + 1
    const gradient = new Float64Array(this.#weights.length)
    for (const { label, features } of batch) {
      const residual = this.probabilities(features)
      const target = this.classes.indexOf(label)
      residual[target] = (residual[target] as number) - 1
      residual.forEach((value, row) => {
        const scale = value / batch.length
        const start = row * stride
        for (let i = 0; i < this.#width; i++) gradient[start + i] = (gradient[start + i] as number) + scale * (features[i] as number)
        gradient[start + this.#width] = (gradient[start + this.#width] as number) + scale
      })
    }
    return gradient
  }
}

function grown (values: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  if (values.length >= length) return values
  const larger = new Float64Array(length)
  larger.set(values)
  return larger
}
