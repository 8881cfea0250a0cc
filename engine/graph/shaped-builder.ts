/**
 * A builder that knows the shape of every value at once, and replaces whole numbers that follow from shapes by constants.
 *
 *     const builder = ShapedBuilder.from(graph, { inputShapes: { x: [1, 3, 64, 64] } })
 *     builder.shape(builder.node('GlobalAveragePool', ['x']))  // [1, 3, 1, 1]
 */
import { GoodpartsError } from '../errors.ts'
import { GraphBuilder } from './builder.ts'
import { tensorOf } from './constant-numbers.ts'
import { wireNumber } from './element-types.ts'
import type { ElementType } from './element-types.ts'
import type { ConstantTensor, Graph, GraphNode, Value, ValueInfo } from './graph.ts'
import { inputType } from './infer-shapes.ts'
import type { InputShapes } from './infer-shapes.ts'
import { NodeView, sameShape } from './node-view.ts'
import type { Shape, ValueType } from './node-view.ts'
import { smallNumbers } from './shapes/known-numbers.ts'
import { outputTypes } from './shapes/registry.ts'

/** Gives other nodes in the place of one, and the values that stand for its outputs; `null` keeps it. */
export type Replace = (builder: ShapedBuilder, view: NodeView) => ReadonlyArray<Value | null> | null

export interface ShapedBuilderOptions {
  /** Sizes of inputs whose sizes are free. */
  readonly inputShapes?: InputShapes
  readonly replace?: Replace
}

export class ShapedBuilder extends GraphBuilder {
  readonly #types = new Map<Value, ValueType>()
  readonly #inputShapes: InputShapes
  readonly #replace: Replace
  readonly #nodes: GraphNode[] = []
  #replacing = false

  constructor (name: string, options: ShapedBuilderOptions = {}) {
    super(name)
    this.#inputShapes = options.inputShapes ?? {}
    this.#replace = options.replace ?? (() => null)
  }

  /** Starts from a graph, whose names stay. Its outputs are left to the caller (`expose`). */
  static from (graph: Graph, options: ShapedBuilderOptions = {}): ShapedBuilder {
    const builder = new ShapedBuilder(graph.name, options)
    builder.adopt(graph)
    return builder
  }

  /** The nodes so far. */
  get written (): readonly GraphNode[] {
    return this.#nodes
  }

  find (value: Value): ValueType | undefined {
    return this.#types.get(value)
  }

  /** @throws GOODPARTS_GRAPH_INVALID when it is not known. */
  typeOf (value: Value): ValueType {
    const type = this.#types.get(value)
    if (type === undefined) throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected the shape of ${value} to follow from the graph, got an operator before it whose shapes are not known`)
    return type
  }

  shape (value: Value): Shape {
    return this.typeOf(value).shape
  }

  view (node: GraphNode): NodeView {
    return new NodeView(node, (value) => this.#types.get(value))
  }

  /** Makes a value an output under its name, with its type and shape. */
  override expose (value: Value): void {
    const { type = null, shape = null } = this.#types.get(value) ?? {}
    super.expose(value, type, shape)
  }

  /** A number without dimensions in the element type of `value`. */
  number (number: number, value: Value): Value {
    return this.cast(this.scalar(number), this.typeOf(value).type)
  }

  /** A tensor full of one number, in the element type of `value`. */
  filled (number: number, shape: Shape, value: Value): Value {
    return this.node('Expand', [this.number(number, value), this.whole(...shape)])
  }

  cast (value: Value, type: ElementType): Value {
    return this.typeOf(value).type === type ? value : this.node('Cast', [value], { to: wireNumber(type) })
  }

  reshape (value: Value, shape: Shape): Value {
    return sameShape(this.shape(value), shape) ? value : this.node('Reshape', [value, this.whole(...shape)], { allowzero: 1 })
  }

  transpose (value: Value, perm: readonly number[]): Value {
    return perm.every((axis, index) => axis === index) ? value : this.node('Transpose', [value], { perm })
  }

  protected override addInput (input: ValueInfo): void {
    const type = inputType(input, this.#inputShapes)
    this.#types.set(input.name, type)
    super.addInput({ ...input, type: type.type, shape: type.shape })
  }

  protected override addConstant (value: Value, tensor: ConstantTensor): void {
    this.#types.set(value, { type: tensor.type, shape: tensor.dims, numbers: smallNumbers(tensor) })
    super.addConstant(value, tensor)
  }

  protected override addNode (node: GraphNode): void {
    if (this.#replacing || !this.#addReplaced(node)) this.#addInferred(node)
  }

  #addReplaced (node: GraphNode): boolean {
    if (node.inputs.some((value) => value !== '' && !this.#types.has(value))) return false
    this.#replacing = true
    const values = this.#replace(this, this.view(node))
    this.#replacing = false
    node.outputs.forEach((output, index) => {
      const value = values?.[index] ?? null
      if (output !== '' && value !== null) this.#addInferred({ name: `${output}/Identity`, operator: 'Identity', domain: '', inputs: [value], outputs: [output], attributes: {} })
    })
    return values !== null
  }

  #addInferred (node: GraphNode): void {
    const types = outputTypes(node, (value) => this.#types.get(value))
    types.forEach((type, index) => {
      const output = node.outputs[index] ?? ''
      if (output !== '') this.#types.set(output, type)
    })
    const constant = constantOf(node, types)
    if (constant !== null) {
      super.addConstant(node.outputs[0] as Value, constant)
      return
    }
    this.#nodes.push(node)
    super.addNode(node)
  }
}

/** Constant nodes, and whole numbers that follow from shapes. Real numbers stay nodes: they may be weights that are going to be learned. */
function constantOf (node: GraphNode, [known]: readonly ValueType[]): ConstantTensor | null {
  const { value } = node.attributes
  if (node.operator === 'Constant' && value?.kind === 'tensor') return value.value
  if (known === undefined || known.numbers === null || (known.type.includes('float') && node.operator !== 'Constant')) return null
  return tensorOf(known.type, known.shape, known.numbers)
}
