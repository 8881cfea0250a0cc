/** One step of training as one graph: forward, backward, clipping and the optimiser's update; weights and moments go in and come out. */
import { GoodpartsError } from '../errors.ts'
import { constantsToInputs, withoutUnread } from './edit.ts'
import { addGradients } from './gradient/gradient.ts'
import { decompose, decompositions } from './gradient/decompose.ts'
import type { GradientOptions } from './gradient/rule.ts'
import type { ConstantTensor, Graph, Value } from './graph.ts'
import type { InputShapes } from './infer-shapes.ts'
import type { Shape } from './node-view.ts'
import { sizeOf } from './node-view.ts'
import { raiseOperatorSet } from './operator-set.ts'
import type { Optimiser } from './optimisers/optimiser.ts'
import { ShapedBuilder } from './shaped-builder.ts'

export interface TrainStepOptions extends GradientOptions {
  /** The value that is to fall: a single number. */
  readonly loss: Value
  /** Constants (or inputs) that are learned. Constants become inputs. */
  readonly parameters: readonly Value[]
  readonly optimiser: Optimiser
  /** Upper bound of the norm of all gradients together; no bound by default. */
  readonly clipNorm?: number
  /** Which parameters decay; by default those with more than one axis, so no biases. Scales and shifts of `(1, C, 1, 1)`, as the house's own normalisations have them, do. */
  readonly decay?: (name: Value, shape: Shape) => boolean
  /** Other state: what each input or constant is replaced by after the step (running statistics). */
  readonly carry?: Readonly<Record<Value, Value>>
  readonly inputShapes?: InputShapes
}

/** A tensor that goes into a step and comes out changed. */
export interface StateTensor {
  /** The input. */
  readonly name: Value
  /** The output that is the next step's input. */
  readonly next: Value
  readonly shape: Shape
  /** What it is before the first step: the graph's own constant, zeros of a moment, or `null` for an input that the caller knows. */
  readonly initial: ConstantTensor | null
}

export interface TrainStep {
  /** Inputs: the forward graph's data, every state tensor, `learningRate` and `step` (float32 without dimensions). Outputs: the forward graph's, and the next state. */
  readonly graph: Graph
  readonly loss: Value
  /** Parameters in the order given, then moments, then what is carried. */
  readonly state: readonly StateTensor[]
}

/** Inputs of every step: the rate, and the number of the step, from 1. */
export const learningRateName = 'learningRate'
export const stepName = 'step'

/** The output that carries `name` after the step. */
export function nextName (name: Value): Value {
  return `${name}/next`
}

/** @throws GOODPARTS_GRAPH_INVALID as `gradient` does, and when the loss is not a single number. */
export function trainStep (forward: Graph, options: TrainStepOptions): TrainStep {
  const { loss, parameters, optimiser, clipNorm, carry = {} } = options
  const decay = options.decay ?? ((_: Value, shape: Shape) => shape.length > 1)
  const raised = raiseOperatorSet(forward, Object.keys(decompositions))
  const builder = ShapedBuilder.from(constantsToInputs(raised, [...parameters, ...Object.keys(carry)]), { inputShapes: options.inputShapes ?? {}, replace: decompose })
  if (sizeOf(builder.shape(loss)) !== 1) throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected the loss ${loss} to be one number, got [${builder.shape(loss).join(', ')}]`)
  const outputs = [...new Set([loss, ...forward.outputs.map(({ name }) => name)])]
  for (const name of outputs) builder.expose(name)
  const gradients = addGradients(builder, { ...options, of: loss, withRespectTo: parameters })
  const scale = clipNorm === undefined ? null : clippingScale(builder, [...gradients.values()], clipNorm)
  const learningRate = builder.input(learningRateName, 'float32', [])
  const step = builder.input(stepName, 'float32', [])
  const [learned, moved]: [StateTensor[], StateTensor[]] = [[], []]
  const put = (name: Value, value: Value, initial: ConstantTensor | null): StateTensor => {
    const { type, shape } = builder.typeOf(name)
    builder.output(nextName(name), value, type, shape)
    return { name, next: nextName(name), shape, initial }
  }
  for (const name of parameters) {
    const shape = builder.shape(name)
    const found = gradients.get(name) as Value
    const gradient = scale === null ? found : builder.node('Mul', [found, scale])
    const moments = optimiser.moments.map((moment) => builder.input(`${name}/${moment}`, 'float32', shape))
    const updated = optimiser.update(builder, { parameter: name, gradient, moments, learningRate, step, decayed: decay(name, shape) })
    learned.push(put(name, updated.parameter, raised.constants.get(name) ?? null))
    moments.forEach((moment, index) => moved.push(put(moment, updated.moments[index] as Value, { type: 'float32', dims: shape, bytes: new Uint8Array(4 * sizeOf(shape)) })))
  }
  const carried = Object.entries(carry).map(([name, value]) => put(name, value, raised.constants.get(name) ?? null))
  return { graph: withoutUnread(builder.build()), loss, state: [...learned, ...moved, ...carried] }
}

/** `min(1, c / (norm + 1e-6))` over all gradients together (Pascanu et al. 2013; the term as in PyTorch). */
function clippingScale (builder: ShapedBuilder, gradients: readonly Value[], clipNorm: number): Value {
  const squares = gradients.map((value) => builder.node('ReduceSumSquare', [value], { keepdims: 0 }))
  const norm = builder.node('Sqrt', [squares.reduce((left, right) => builder.node('Add', [left, right]))])
  const ratio = builder.node('Div', [builder.scalar(clipNorm), builder.node('Add', [norm, builder.scalar(1e-6)])])
  return builder.node('Min', [ratio, builder.scalar(1)])
}
