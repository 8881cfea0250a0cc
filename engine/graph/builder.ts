/**
 * Builds graphs node by node. Operators are called by their ONNX names; numbers in attributes become `int`, lists of numbers
 * `ints`, text `string`; a real number is marked by `float(…)`.
 *
 *     const builder = new GraphBuilder('double')
 *     const x = builder.input('x', 'float32', ['N', 3])
 *     builder.output('y', builder.node('Mul', [x, builder.scalar(2)]), 'float32', ['N', 3])
 *     const graph = builder.build()
 */
import { GoodpartsError } from '../errors.ts'
import { checkGraph } from './check.ts'
import { constantTensor } from './constant-tensor.ts'
import type { Numbers } from './constant-tensor.ts'
import type { ElementType } from './element-types.ts'
import { renameValues } from './edit.ts'
import type { Attribute, Attributes, ConstantTensor, Dimension, Graph, GraphNode, Value, ValueInfo } from './graph.ts'

export type AttributeArgument = number | readonly number[] | string | readonly string[] | Attribute

export function float (value: number): Attribute {
  return { kind: 'float', value }
}

export type AttributeArguments = Readonly<Record<string, AttributeArgument>>

export interface NodeOptions {
  /** Attributes by ONNX name. */
  attributes?: AttributeArguments
  /** Default `ai.onnx`. */
  domain?: string
}

/** Operator set of everything that the house builds. */
export const operatorSet = 18

export class GraphBuilder {
  readonly #name: string
  readonly #operatorSets: Record<string, number> = { '': operatorSet }
  readonly #inputs: ValueInfo[] = []
  readonly #outputs: ValueInfo[] = []
  readonly #constants = new Map<Value, ConstantTensor>()
  readonly #nodes: GraphNode[] = []
  readonly #values: ValueInfo[] = []
  readonly #functions: Uint8Array[] = []
  readonly #names = new Set<string>()
  readonly #numbers = new Map<string, number>()

  constructor (name: string) {
    this.#name = name
  }

  input (name: string, type: ElementType, shape: readonly Dimension[]): Value {
    this.#claim(name)
    this.addInput({ name, type, shape })
    return name
  }

  /** Names `value` as an output of the graph. */
  output (name: string, value: Value, type: ElementType, shape: readonly Dimension[]): void {
    this.addNode({ name: this.#fresh(`${name}/Identity`), operator: 'Identity', domain: '', inputs: [value], outputs: [this.#claim(name)], attributes: {} })
    this.#outputs.push({ name, type, shape })
  }

  /** Makes a value an output under the name that it has. */
  expose (value: Value, type: ElementType | null = null, shape: readonly Dimension[] | null = null): void {
    this.#outputs.push({ name: value, type, shape })
  }

  constant (numbers: Numbers, dims?: readonly number[], name = 'constant'): Value {
    return this.tensor(constantTensor(numbers, dims), name)
  }

  tensor (tensor: ConstantTensor, name = 'constant'): Value {
    const value = this.#fresh(name)
    this.addConstant(value, tensor)
    return value
  }

  /** A float32 number without dimensions. */
  scalar (value: number): Value {
    return this.constant(Float32Array.of(value), [], 'scalar')
  }

  /** A list of int64: axes, shapes, starts. */
  whole (...values: number[]): Value {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length], 'whole')
  }

  /** Adds a node with one output. An empty input name leaves an optional input out. */
  node (operator: string, inputs: readonly Value[], attributes: AttributeArguments = {}): Value {
    return this.nodes(operator, inputs, 1, { attributes })[0] as Value
  }

  /** Adds a node with `count` outputs. */
  nodes (operator: string, inputs: readonly Value[], count: number, options: NodeOptions = {}): Value[] {
    const name = this.#fresh(operator)
    const outputs = Array.from({ length: count }, (_, index) => this.#fresh(`${name}:${index}`))
    const attributes: Attributes = Object.fromEntries(Object.entries(options.attributes ?? {}).map(([key, value]) => [key, toAttribute(value)]))
    this.addNode({ name, operator, domain: options.domain ?? '', inputs: [...inputs], outputs, attributes })
    return outputs
  }

  /**
   * Puts a whole graph inside this one, its names behind `prefix/`, its inputs bound to values of this graph. Gives the values of
   * its outputs by their names in `graph`.
   * @throws GOODPARTS_GRAPH_INVALID when an input is not bound or the operator sets cannot be used together.
   */
  include (graph: Graph, prefix: string, inputs: Readonly<Record<string, Value>>): Record<string, Value> {
    for (const [domain, version] of Object.entries(graph.operatorSets)) {
      const ours = this.#operatorSets[domain] ??= version
      if (ours !== version) {
        throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected graph ${graph.name} to use operator set ${ours} of ${domain || 'ai.onnx'}, got ${version}`,
          { fix: `Export or convert the model to operator set ${ours}.` })
      }
    }
    const rename = (value: Value): Value => value === '' ? '' : inputs[value] ?? `${prefix}/${value}`
    for (const { name } of graph.inputs) {
      if (inputs[name] === undefined) throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected input ${name} of graph ${graph.name} to be bound, got nothing`)
    }
    const renamed = renameValues(graph, rename)
    for (const [value, tensor] of renamed.constants) this.addConstant(this.#claim(value), tensor)
    for (const node of renamed.nodes) {
      for (const value of node.outputs) if (value !== '') this.#claim(value)
      this.addNode({ ...node, name: this.#fresh(`${prefix}/${node.name}`) })
    }
    this.#values.push(...renamed.values.filter(({ name }) => this.#names.has(name)))
    this.#functions.push(...graph.functions)
    return Object.fromEntries(graph.outputs.map(({ name }) => [name, rename(name)]))
  }

  /** Takes inputs, constants and nodes of a graph under the names that they have; its outputs are left to the caller. */
  adopt (graph: Graph): void {
    Object.assign(this.#operatorSets, graph.operatorSets)
    this.#functions.push(...graph.functions)
    const written = graph.nodes.flatMap((node) => node.outputs)
    for (const value of [...graph.inputs.map(({ name }) => name), ...graph.constants.keys(), ...written]) if (value !== '') this.#claim(value)
    for (const input of graph.inputs) this.addInput(input)
    for (const [value, tensor] of graph.constants) this.addConstant(value, tensor)
    for (const node of graph.nodes) this.addNode({ ...node, name: this.#fresh(node.name === '' ? node.operator : node.name) })
  }

  /** @throws GOODPARTS_GRAPH_INVALID when it is not well formed. */
  build (): Graph {
    const graph: Graph = {
      name: this.#name,
      operatorSets: { ...this.#operatorSets },
      inputs: [...this.#inputs],
      outputs: [...this.#outputs],
      constants: new Map(this.#constants),
      nodes: [...this.#nodes],
      values: [...this.#values],
      functions: [...this.#functions]
    }
    checkGraph(graph)
    return graph
  }

  protected addInput (input: ValueInfo): void {
    this.#inputs.push(input)
  }

  protected addConstant (value: Value, tensor: ConstantTensor): void {
    this.#constants.set(value, tensor)
  }

  protected addNode (node: GraphNode): void {
    this.#nodes.push(node)
  }

  #fresh (wanted: string): string {
    let name = wanted
    let number = this.#numbers.get(wanted) ?? 1
    for (; this.#names.has(name); number++) name = `${wanted}_${number}`
    this.#numbers.set(wanted, number)
    return this.#claim(name)
  }

  #claim (name: string): string {
    if (this.#names.has(name)) throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected a new name in graph ${this.#name}, got ${name} again`)
    this.#names.add(name)
    return name
  }
}

function toAttribute (argument: AttributeArgument): Attribute {
  if (typeof argument === 'number') return { kind: 'int', value: argument }
  if (typeof argument === 'string') return { kind: 'string', value: argument }
  if ('kind' in argument) return argument
  if (argument.every((item) => typeof item === 'number')) return { kind: 'ints', value: argument }
  return { kind: 'strings', value: argument.map(String) }
}
