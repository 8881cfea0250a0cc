/** Which value of the graph a target is: what its gradient is taken of, and how confident a pass was. */
import { GoodpartsError } from '../../errors.ts'
import type { Graph, Value } from '../../graph/graph.ts'
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

/** @throws GOODPARTS_EXPLANATION_FAILED when the model gives no such answer. */
export function targetValue (graph: Graph, target: ExplanationTarget): TargetValue {
  if (target.kind === 'score') {
    if (graph.outputs.some(({ name }) => name === 'score')) return { output: 'score', differentiated: 'score', confidence: 'excess', exclusive: false }
    throw absent('Expected the model to have the output score, got none', 'Name a class as the target.')
  }
  const output = classOutput(graph)
  if (output === null) throw absent('Expected the model to have an output (N, classes), got none', 'Choose the target score.')
  const producer = producerOf(graph, output)
  const [before] = producer?.inputs ?? []
  if (producer?.operator === 'Softmax' && before !== undefined) return { output, differentiated: before, confidence: 'as-is', exclusive: true }
  if (producer?.operator === 'Sigmoid' && before !== undefined) return { output, differentiated: before, confidence: 'as-is', exclusive: false }
  const single = graph.outputs.find(({ name }) => name === output)?.shape?.[1] === 1
  return { output, differentiated: output, confidence: single ? 'sigmoid' : 'softmax', exclusive: !single }
}

export function classOutput (graph: Graph): Value | null {
  const others = graph.outputs.filter(({ name, shape }) => !detectorOutputs.includes(name) && (shape === null || shape.length === 2))
  return (others.find(({ name }) => name === 'classes' || name === 'probabilities') ?? others[0])?.name ?? null
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

function absent (message: string, fix?: string): GoodpartsError {
  return new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', message, fix === undefined ? {} : { fix })
}
