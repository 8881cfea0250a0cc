/** Losses as numbers without dimensions, made of what has a gradient. */
import type { Value } from '../../graph/graph.ts'
import type { FeatureMap, NetworkBuilder } from './network-builder.ts'

/** Mean over everything. */
export function meanOf ({ graph }: NetworkBuilder, value: Value): Value {
  return graph.node('ReduceMean', [value], { keepdims: 0 })
}

/** The logit towards the right answer: positive when right. @param targets 0 or 1, of the shape of `logits`. */
function towards ({ graph }: NetworkBuilder, logits: Value, targets: Value): Value {
  const sign = graph.node('Sub', [graph.node('Mul', [targets, graph.scalar(2)]), graph.scalar(1)])
  return graph.node('Mul', [logits, sign])
}

/**
 * Focal loss (Lin et al. 2017, equation 4) from logits: `-(1 - p)^gamma log p` with p the probability of the right answer, the mean of both
 * classes weighted alike. `weights`, which may be broadcast, leave positions out. Stable for any logit: `log p = -softplus(-z)`, `(1 - p)^gamma = exp(-gamma softplus(z))`.
 */
export function focalLoss (network: NetworkBuilder, logits: Value, targets: Value, gamma: number, weights: Value | null = null): Value {
  const { graph } = network
  const right = towards(network, logits, targets)
  const modulation = graph.node('Exp', [graph.node('Mul', [graph.node('Softplus', [right]), graph.scalar(-gamma)])])
  return meanOfClasses(network, graph.node('Mul', [modulation, graph.node('Softplus', [graph.node('Neg', [right])])]), targets, weights)
}

/** How far logits fall short of `margin` on their side, the mean of both classes weighted alike (SuperSimpleNet, Rolih et al. 2024, equation 3). */
export function truncatedL1 (network: NetworkBuilder, logits: Value, targets: Value, margin: number, weights: Value | null = null): Value {
  const { graph } = network
  return meanOfClasses(network, graph.node('Relu', [graph.node('Sub', [graph.scalar(margin), towards(network, logits, targets)])]), targets, weights)
}

/** Half the mean over ones plus half the mean over zeros; a class that is absent counts nothing. */
function meanOfClasses ({ graph }: NetworkBuilder, values: Value, targets: Value, weights: Value | null): Value {
  const half = (members: Value): Value => {
    const counted = weights === null ? members : graph.node('Mul', [members, weights])
    const count = graph.node('Add', [graph.node('ReduceSum', [counted], { keepdims: 0 }), graph.scalar(1)])
    return graph.node('Div', [graph.node('ReduceSum', [graph.node('Mul', [values, counted])], { keepdims: 0 }), count])
  }
  const sum = graph.node('Add', [half(targets), half(graph.node('Sub', [graph.scalar(1), targets]))])
  return graph.node('Mul', [sum, graph.scalar(0.5)])
}

/** Mean of squared differences. */
export function meanSquares (network: NetworkBuilder, one: Value, other: Value): Value {
  const difference = network.graph.node('Sub', [one, other])
  return meanOf(network, network.graph.node('Mul', [difference, difference]))
}

/**
 * Mean over the batch of `-log softmax(logits)[class]`.
 * @param logits `(N, K)`. @param oneHot `(N, K)`, rows that sum to one.
 */
export function crossEntropy (network: NetworkBuilder, logits: Value, oneHot: Value): Value {
  const { graph } = network
  const logarithms = graph.node('LogSoftmax', [logits], { axis: 1 })
  const each = graph.node('ReduceSum', [graph.node('Mul', [logarithms, oneHot]), graph.whole(1)], { keepdims: 0 })
  return graph.node('Neg', [meanOf(network, each)])
}

/** Larger than any logit: what it is taken from has no part in a softmax. */
export const excluded = 1e9

/** Cosines of all rows with all rows, over the temperature. @param embeddings `(B, D)`. */
function similarities ({ graph }: NetworkBuilder, embeddings: Value, temperature: number): Value {
  const squares = graph.node('ReduceSum', [graph.node('Mul', [embeddings, embeddings]), graph.whole(1)], { keepdims: 1 })
  const unit = graph.node('Div', [embeddings, graph.node('Sqrt', [graph.node('Add', [squares, graph.scalar(1e-8)])])])
  return graph.node('Mul', [graph.node('MatMul', [unit, graph.node('Transpose', [unit], { perm: [1, 0] })]), graph.scalar(1 / temperature)])
}

/**
 * NT-Xent (Chen et al. 2020, equation 1): each row's other view among all other rows.
 * @param embeddings `(2 B, D)`, row i and row i + B the two views of one picture. @param rows 2 B.
 */
export function contrastiveLoss (network: NetworkBuilder, embeddings: Value, rows: number, temperature: number): Value {
  const { graph } = network
  const square = (value: (row: number, column: number) => number): Value =>
    graph.constant(Float32Array.from({ length: rows * rows }, (_, index) => value(Math.floor(index / rows), index % rows)), [rows, rows])
  const logits = graph.node('Sub', [similarities(network, embeddings, temperature), square((row, column) => row === column ? excluded : 0)])
  return crossEntropy(network, logits, square((row, column) => (row + rows / 2) % rows === column ? 1 : 0))
}

/**
 * Supervised contrastive loss (Khosla et al. 2020, equation 2): each row's class mates among all other rows.
 * @param embeddings `(B, D)`. @param mates `(B, B)`, in each row the share of the loss that each class mate has; rows without any are zero.
 * @param left `(B, B)`, `excluded` for a row itself and for rows that are not there, else 0.
 */
export function supervisedContrastiveLoss (network: NetworkBuilder, embeddings: Value, { mates, left, temperature }: { mates: Value, left: Value, temperature: number }): Value {
  const { graph } = network
  const logarithms = graph.node('LogSoftmax', [graph.node('Sub', [similarities(network, embeddings, temperature), left])], { axis: 1 })
  return graph.node('Neg', [graph.node('ReduceSum', [graph.node('Mul', [mates, logarithms])], { keepdims: 0 })])
}

const ssimWindow = 11
const ssimDeviation = 1.5

/**
 * Structural similarity at each position (Wang et al. 2004, equation 13), windows of 11 × 11 with a Gaussian of deviation 1.5, zeros beyond
 * the border, the mean of the channels: `(N, 1, H, W)`, 1 where both are alike.
 * @param range Between the smallest and the largest value that pictures have.
 */
export function structuralSimilarity (network: NetworkBuilder, one: FeatureMap, other: Value, range: number): Value {
  const { graph } = network
  const { channels } = one
  const weights = ssimWeights()
  const kernel = graph.constant(Float32Array.from({ length: channels * weights.length }, (_, i) => weights[i % weights.length] as number), [channels, 1, ssimWindow, ssimWindow], 'window')
  const pad = (ssimWindow - 1) / 2
  const mean = (value: Value): Value => graph.node('Conv', [value, kernel], { group: channels, kernel_shape: [ssimWindow, ssimWindow], pads: [pad, pad, pad, pad], strides: [1, 1], dilations: [1, 1] })
  const [meanOne, meanOther] = [mean(one.value), mean(other)]
  const product = (a: Value, b: Value): Value => graph.node('Mul', [a, b])
  const minus = (a: Value, b: Value): Value => graph.node('Sub', [a, b])
  const plus = (a: Value, b: Value): Value => graph.node('Add', [a, b])
  const twice = (value: Value): Value => product(value, graph.scalar(2))
  const [c1, c2] = [graph.scalar((0.01 * range) ** 2), graph.scalar((0.03 * range) ** 2)]
  const squares = plus(product(meanOne, meanOne), product(meanOther, meanOther))
  const variances = minus(plus(mean(product(one.value, one.value)), mean(product(other, other))), squares)
  const covariance = minus(mean(product(one.value, other)), product(meanOne, meanOther))
  const similarity = graph.node('Div', [
    product(plus(twice(product(meanOne, meanOther)), c1), plus(twice(covariance), c2)),
    product(plus(squares, c1), plus(variances, c2))
  ])
  return graph.node('ReduceMean', [similarity, graph.whole(1)], { keepdims: 1 })
}

function ssimWeights (): Float64Array {
  const middle = (ssimWindow - 1) / 2
  const values = Float64Array.from({ length: ssimWindow * ssimWindow }, (_, i) =>
    Math.exp(-((i % ssimWindow - middle) ** 2 + (Math.floor(i / ssimWindow) - middle) ** 2) / (2 * ssimDeviation ** 2)))
  const sum = values.reduce((total, value) => total + value, 0)
  return values.map((value) => value / sum)
}
