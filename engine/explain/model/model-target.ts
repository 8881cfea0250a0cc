/** Which value of the graph a target is: what its gradient is taken of, and how confident a pass was. */
import { GoodpartsError } from '../../errors.ts'
import type { Graph, Value, ValueInfo } from '../../graph/graph.ts'
import type { ExplanationTarget } from '../explainer.ts'

export type Confidence = 'excess' | 'softmax' | 'as-is' | 'sigmoid'

export interface TargetValue {
  /** The output that forward passes ask for. */
  output: Value
  /** What gradients are taken of: the logits before a softmax, or the score. */
  differentiated: Value
  /** From numbers of `output` to how much speaks for the target. */
  confidence: Confidence
  /** Whether the classes share one softmax, so that what speaks for one speaks against the others. */
  exclusive: boolean
}

/** Outputs of a detector; any other one may hold classes. */
const detectorOutputs = ['score', 'map']

/**
 * @param named The output that answers, where it is not found by its name and shape: `(N)` or `(N, 1)` is a score, anything else holds classes.
 * @throws GOODPARTS_EXPLANATION_FAILED when the model gives no such answer, GOODPARTS_ARGUMENT for an output that it does not have.
 */
export function targetValue (graph: Graph, target: ExplanationTarget, named: Value | null = null): TargetValue {
  const [score, classes] = [scoreOutput(graph, named), classOutput(graph, named)]
  if (target.kind === 'score') {
    if (score !== null) return { output: score, differentiated: score, confidence: 'excess', exclusive: false }
    throw absent('Expected the model to have the output score, or a single one (N) or (N, 1)', graph, named, classes === null ? null : 'Name a class as the target.')
  }
  if (classes === null) throw absent('Expected the model to have an output (N, classes)', graph, named, score === null ? null : 'Choose the target score.')
  const producer = producerOf(graph, classes)
  const [before] = producer?.inputs ?? []
  if (producer?.operator === 'Softmax' && before !== undefined) return { output: classes, differentiated: before, confidence: 'as-is', exclusive: true }
  if (producer?.operator === 'Sigmoid' && before !== undefined) return { output: classes, differentiated: before, confidence: 'as-is', exclusive: false }
  const single = graph.outputs.find(({ name }) => name === classes)?.shape?.[1] === 1
  return { output: classes, differentiated: classes, confidence: single ? 'sigmoid' : 'softmax', exclusive: !single }
}

/** @throws GOODPARTS_ARGUMENT as `targetValue`. */
export function classOutput (graph: Graph, named: Value | null): Value | null {
  if (named !== null) return isScore(outputNamed(graph, named)) ? null : named
  const others = graph.outputs.filter((info) => !detectorOutputs.includes(info.name) && isFloat(info) && (info.shape === null || info.shape.length === 2))
  return (others.find(({ name }) => name === 'classes' || name === 'probabilities') ?? others[0])?.name ?? null
}

/** The output `score`, or the only one that could be it. @throws GOODPARTS_ARGUMENT as `targetValue`. */
export function scoreOutput (graph: Graph, named: Value | null): Value | null {
  if (named !== null) return isScore(outputNamed(graph, named)) ? named : null
  const [own] = graph.outputs.filter(({ name }) => name === 'score')
  const [only, ...more] = graph.outputs.filter(isScore)
  return own?.name ?? (more.length === 0 ? only?.name : undefined) ?? null
}

function isScore (info: ValueInfo): boolean {
  return isFloat(info) && (info.shape?.length === 1 || (info.shape?.length === 2 && info.shape[1] === 1))
}

function isFloat ({ type }: ValueInfo): boolean {
  return type === null || type === 'float32'
}

function outputNamed (graph: Graph, named: Value): ValueInfo {
  const found = graph.outputs.find(({ name }) => name === named)
  if (found !== undefined) return found
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the model to have the output ${named}, got ${outputsOf(graph)}`, { fix: 'Name one of its outputs.' })
}

function outputsOf ({ outputs }: Graph): string {
  return outputs.map(({ name, shape }) => shape === null ? name : `${name} (${shape.map((size) => size ?? '?').join(', ')})`).join(', ')
}

/** The node that makes a value, behind nodes that only pass it on. */
function producerOf (graph: Graph, value: Value): { operator: string, inputs: readonly Value[] } | undefined {
  const node = graph.nodes.find(({ outputs }) => outputs.includes(value))
  if (node?.operator === 'Identity' && node.inputs[0] !== undefined) return producerOf(graph, node.inputs[0])
  return node
}

/** Of one row of the output. `good`: the score of an ordinary good part. */
export function confidenceOf (row: ArrayLike<number>, target: ExplanationTarget, confidence: Confidence, good: number): number {
  const value = row[target.kind === 'score' ? 0 : target.index]
  if (value === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected a class from 0 to ${row.length - 1}, got ${target.kind === 'class' ? target.index : target.kind}`, { fix: 'Choose a class that the model has.' })
  switch (confidence) {
    case 'excess': return Math.max(0, value - good)
    case 'as-is': return value
    case 'sigmoid': return 1 / (1 + Math.exp(-value))
    case 'softmax': {
      let sum = 0
      for (let i = 0; i < row.length; i++) sum += Math.exp((row[i] as number) - value)
      return 1 / sum
    }
  }
}

/**
 * The direction in which the differentiated numbers of one picture move: the target's own (`logit`, as Grad-CAM has it), or that of its
 * confidence (as SISE has it). The softmax's gradient is `p (e - softmax of the others) (1 - p)`: the factors, which vanish where the model
 * is sure, change no order among maps and are left out.
 */
export function gradientDirection (values: Float32Array, target: ExplanationTarget, of: 'logit' | 'confidence', exclusive: boolean): Float32Array {
  const index = target.kind === 'score' ? 0 : target.index
  const direction = new Float32Array(values.length)
  if (of === 'confidence' && exclusive && values.length > 1) {
    const others = values.map((value, i) => i === index ? -Infinity : value)
    const highest = Math.max(...others)
    const powers = Array.from(others, (value) => Math.exp(value - highest))
    const sum = powers.reduce((total, power) => total + power, 0)
    powers.forEach((power, i) => { direction[i] = -power / sum })
  }
  direction[index] = 1
  return direction
}

function absent (expected: string, graph: Graph, named: Value | null, fix: string | null): GoodpartsError {
  const got = named === null ? outputsOf(graph) : outputsOf({ ...graph, outputs: [outputNamed(graph, named)] })
  return new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', `${expected}, got ${got}`, { fix: fix ?? 'Name the output that answers: a score (N) or (N, 1), or classes (N, K).' })
}
