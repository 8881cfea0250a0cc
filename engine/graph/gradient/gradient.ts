/** Reverse-mode differentiation of a graph into a graph of `ai.onnx` operators. */
import { GoodpartsError } from '../../errors.ts'
import type { Graph, GraphNode, Value } from '../graph.ts'
import type { InputShapes } from '../infer-shapes.ts'
import { raiseOperatorSet } from '../operator-set.ts'
import { withoutUnread } from '../edit.ts'
import { ShapedBuilder } from '../shaped-builder.ts'
import { decompose, decompositions } from './decompose.ts'
import { gradientRules } from './registry.ts'
import type { GradientOptions, Site } from './rule.ts'

export interface GradientRequest extends GradientOptions {
  /** The value that is differentiated. Of a tensor, the sum of its elements (or their sum weighted by `upstream`). */
  readonly of: Value
  /** Inputs, constants or values in between. */
  readonly withRespectTo: readonly Value[]
  /** Name of a new graph input of the shape of `of`: the gradient that arrives there. Without it, ones. */
  readonly upstream?: string
  /** Sizes of inputs whose sizes are free. */
  readonly inputShapes?: InputShapes
}

/** The name of the output that carries the gradient with respect to `value`. */
export function gradientName (value: Value): Value {
  return `${value}/gradient`
}

/**
 * The graph with one more output per name in `withRespectTo`, called `gradientName(name)`, of the shape of that value. The outputs and
 * inputs that it had stay; sizes become numbers.
 * @throws GOODPARTS_GRAPH_INVALID when a name is not in the graph or `of` does not depend on it, when sizes stay free, or when an operator
 *   between them has no rule (named in the message).
 */
export function gradient (graph: Graph, request: GradientRequest): Graph {
  const builder = ShapedBuilder.from(raiseOperatorSet(graph, Object.keys(decompositions)), { inputShapes: request.inputShapes ?? {}, replace: decompose })
  for (const { name } of graph.outputs) builder.expose(name)
  for (const [value, found] of addGradients(builder, request)) {
    const { type, shape } = builder.typeOf(value)
    builder.output(gradientName(value), found, type, shape)
  }
  return withoutUnread(builder.build())
}

/** Adds the way back to what the builder holds so far. Gives the gradient of each value asked for. */
export function addGradients (builder: ShapedBuilder, request: GradientRequest): Map<Value, Value> {
  const { of, withRespectTo } = request
  const nodes = [...builder.written]
  for (const value of withRespectTo) checkReal(builder, value)
  const moved = influenced(builder, nodes, withRespectTo)
  checkReached(nodes, moved, request)
  const arriving = new Map<Value, Value[]>()
  const arrive = (value: Value, found: Value): void => { arriving.set(value, [...arriving.get(value) ?? [], found]) }
  const total = (value: Value): Value | null => {
    const parts = arriving.get(value)
    if (parts === undefined) return null
    const sum = parts.reduce((left, right) => builder.node('Add', [left, right]))
    arriving.set(value, [sum])
    return sum
  }
  const { type, shape } = builder.typeOf(of)
  arrive(of, request.upstream === undefined ? builder.filled(1, shape, of) : builder.input(request.upstream, type, shape))
  for (const node of nodes.reverse()) {
    if (!node.inputs.some((input) => moved.has(input))) continue
    const upstream = node.outputs.map((output) => output === '' ? null : total(output))
    if (upstream.every((value) => value === null)) continue
    const gradients = ruleOf(node)(siteOf(builder, node, upstream, request))
    node.inputs.forEach((input, index) => {
      const found = moved.has(input) ? gradients[index] ?? null : null
      if (found !== null) arrive(input, found())
    })
  }
  // A value can influence the result only through steps (Sign, Floor): its gradient is zero.
  return new Map(withRespectTo.map((value) => [value, total(value) ?? builder.filled(0, builder.shape(value), value)]))
}

function ruleOf (node: GraphNode): (typeof gradientRules)[string] {
  const rule = node.domain === '' ? gradientRules[node.operator] : undefined
  if (rule !== undefined) return rule
  throw new GoodpartsError('GOODPARTS_GRAPH_INVALID',
    `Expected every operator on the way to have a gradient rule, got ${node.domain === '' ? '' : `${node.domain}.`}${node.operator} at node ${node.name}`,
    { fix: 'Ask for the gradient of a value before that node, or with respect to a value after it.' })
}

function siteOf (builder: ShapedBuilder, node: GraphNode, upstream: ReadonlyArray<Value | null>, options: GradientOptions): Site {
  const view = builder.view(node)
  const [a = '', b = '', c = ''] = node.inputs
  return {
    builder,
    node,
    view,
    upstream,
    options,
    a,
    b,
    c,
    y: node.outputs[0] as Value,
    get g () {
      const [first] = upstream
      if (first === undefined || first === null) throw view.invalid('a gradient of its first output', 'one of a later output only')
      return first
    }
  }
}

/** The values that move when those in `from` do, as real numbers: whole numbers and truths do not pass it on. */
function influenced (builder: ShapedBuilder, nodes: readonly GraphNode[], from: readonly Value[]): Set<Value> {
  const moved = new Set(from)
  for (const node of nodes) {
    if (!node.inputs.some((input) => moved.has(input))) continue
    for (const output of node.outputs) if (output !== '' && isReal(builder.find(output)?.type ?? 'float32')) moved.add(output)
  }
  return moved
}

function isReal (type: string): boolean {
  return type.includes('float')
}

function checkReal (builder: ShapedBuilder, value: Value): void {
  const { type } = builder.typeOf(value)
  if (isReal(type)) return
  throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected ${value} to hold real numbers, got ${type}`, { fix: 'Ask for the gradient with respect to what a Cast makes of it.' })
}

/** Every value asked for leads to `of`, over operators that have a rule. */
function checkReached (nodes: readonly GraphNode[], moved: ReadonlySet<Value>, { of, withRespectTo }: GradientRequest): void {
  const before = new Set([of])
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((output) => before.has(output) && moved.has(output)) || !node.inputs.some((input) => moved.has(input))) continue
    ruleOf(node)
    for (const input of node.inputs) if (moved.has(input)) before.add(input)
  }
  for (const value of withRespectTo) {
    if (!before.has(value)) throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected ${of} to depend on ${value} through real numbers, got no such way`)
  }
}
