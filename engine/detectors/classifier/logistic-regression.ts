/** Multinomial logistic regression with a squared penalty (Hastie, Tibshirani and Friedman 2009, § 4.4), classes weighted alike. */
import { minimise } from './minimise.ts'
import type { Evaluated } from './minimise.ts'

export interface LabelledRows {
  /** `(n, width)` row-major. */
  rows: Float32Array
  width: number
  /** Class of each row, 0 to `classes - 1`. */
  labels: Uint32Array
  classes: number
}

/** `logits = weights · row + bias`. */
export interface LinearHead {
  /** `(classes, width)` row-major. */
  weights: Float32Array
  bias: Float32Array
}

/** Deviations below this share of the largest are taken for it: a feature that never varies says nothing. */
const deviationFloor = 1e-3

/**
 * Every class weighs the same however many rows it has; features are standardised, and the penalty is on the weights of the standardised ones,
 * not on the bias.
 */
export function fitLogisticRegression ({ rows, width, labels, classes }: LabelledRows, penalty: number): LinearHead {
  const { mean, gain } = standardisation(rows, width)
  const standard = Float64Array.from(rows, (value, index) => (value - (mean[index % width] as number)) * (gain[index % width] as number))
  const weightOf = classWeights(labels, classes)
  const stride = width + 1
  const evaluate = (point: Float64Array): Evaluated => {
    const gradient = new Float64Array(point.length)
    let value = 0
    const logits = new Float64Array(classes)
    for (let row = 0; row < labels.length; row++) {
      const label = labels[row] as number
      const weight = weightOf[label] as number
      for (let k = 0; k < classes; k++) {
        let sum = point[k * stride + width] as number
        for (let i = 0; i < width; i++) sum += (point[k * stride + i] as number) * (standard[row * width + i] as number)
        logits[k] = sum
      }
      const total = logSumExp(logits)
      value += weight * (total - (logits[label] as number))
      for (let k = 0; k < classes; k++) {
        const slope = weight * (Math.exp((logits[k] as number) - total) - (k === label ? 1 : 0))
        for (let i = 0; i < width; i++) gradient[k * stride + i] = (gradient[k * stride + i] as number) + slope * (standard[row * width + i] as number)
        gradient[k * stride + width] = (gradient[k * stride + width] as number) + slope
      }
    }
    for (let index = 0; index < point.length; index++) {
      if (index % stride === width) continue
      value += penalty / 2 * (point[index] as number) ** 2
      gradient[index] = (gradient[index] as number) + penalty * (point[index] as number)
    }
    return { value, gradient }
  }
  const point = minimise(evaluate, new Float64Array(classes * stride), { steps: 200, tolerance: 1e-6 })
  return unstandardised(point, width, classes, mean, gain)
}

/** Mean over the classes of the mean loss, -log p, of rows that were not learned from. */
export function logLoss (head: LinearHead, { rows, width, labels, classes }: LabelledRows): number {
  const weightOf = classWeights(labels, classes)
  let loss = 0
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number
    const logits = logitsOf(head, rows.subarray(row * width, (row + 1) * width))
    loss += (weightOf[label] as number) * (logSumExp(logits) - (logits[label] as number))
  }
  return loss
}

export function logitsOf ({ weights, bias }: LinearHead, row: Float32Array): Float64Array {
  return Float64Array.from(bias, (offset, k) => row.reduce((sum, value, i) => sum + value * (weights[k * row.length + i] as number), offset))
}

export function logSumExp (values: Float64Array): number {
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity)
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0))
}

/** For the rows of each class; all rows together weigh one. */
function classWeights (labels: Uint32Array, classes: number): Float64Array {
  const counts = new Float64Array(classes)
  for (const label of labels) counts[label] = (counts[label] as number) + 1
  const present = counts.filter((count) => count > 0).length
  return counts.map((count) => count === 0 ? 0 : 1 / (present * count))
}

function standardisation (rows: Float32Array, width: number): { mean: Float64Array, gain: Float64Array } {
  const n = rows.length / width
  const [mean, squares] = [new Float64Array(width), new Float64Array(width)]
  rows.forEach((value, index) => { mean[index % width] = (mean[index % width] as number) + value / n })
  rows.forEach((value, index) => { squares[index % width] = (squares[index % width] as number) + (value - (mean[index % width] as number)) ** 2 / n })
  const deviations = squares.map(Math.sqrt)
  const floor = deviationFloor * deviations.reduce((most, value) => Math.max(most, value), 0) || 1
  return { mean, gain: deviations.map((deviation) => 1 / Math.max(deviation, floor)) }
}

function unstandardised (point: Float64Array, width: number, classes: number, mean: Float64Array, gain: Float64Array): LinearHead {
  const weights = new Float32Array(classes * width)
  const bias = new Float32Array(classes)
  for (let k = 0; k < classes; k++) {
    let offset = point[k * (width + 1) + width] as number
    for (let i = 0; i < width; i++) {
      const weight = (point[k * (width + 1) + i] as number) * (gain[i] as number)
      weights[k * width + i] = weight
      offset -= weight * (mean[i] as number)
    }
    bias[k] = offset
  }
  return { weights, bias }
}
