/**
 * An ONNX graph as a value: plain readonly data. Everything that changes a graph returns a new one. A tensor is known by its name,
 * as in ONNX; the empty name stands for an absent optional input.
 */
import type { ElementType } from './element-types.ts'

/** The name of a tensor in its graph. */
export type Value = string

/** A size, the name of a free size, or `null` when nothing is known. */
export type Dimension = number | string | null

export interface ValueInfo {
  readonly name: Value
  /** `null` leaves the type to the runtime's inference. */
  readonly type: ElementType | null
  /** `null` when not even the rank is known. */
  readonly shape: readonly Dimension[] | null
}

/** A constant. `bytes` are little-endian, row-major, as in `TensorProto.raw_data`. */
export interface ConstantTensor {
  readonly type: ElementType
  readonly dims: readonly number[]
  readonly bytes: Uint8Array
}

export type Attribute =
  | { readonly kind: 'int', readonly value: number | bigint }
  | { readonly kind: 'ints', readonly value: ReadonlyArray<number | bigint> }
  | { readonly kind: 'float', readonly value: number }
  | { readonly kind: 'floats', readonly value: readonly number[] }
  | { readonly kind: 'string', readonly value: string }
  | { readonly kind: 'strings', readonly value: readonly string[] }
  | { readonly kind: 'tensor', readonly value: ConstantTensor }
  | { readonly kind: 'graph', readonly value: Graph }

export type Attributes = Readonly<Record<string, Attribute>>

export interface GraphNode {
  readonly name: string
  readonly operator: string
  /** Empty for `ai.onnx`. */
  readonly domain: string
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  readonly attributes: Attributes
}

export interface Graph {
  readonly name: string
  /** Operator set version by domain; `''` is `ai.onnx`. Empty in the body of a control-flow node. */
  readonly operatorSets: Readonly<Record<string, number>>
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  readonly constants: ReadonlyMap<Value, ConstantTensor>
  /** In an order in which they can run. */
  readonly nodes: readonly GraphNode[]
  /** What is known of values in between. */
  readonly values: readonly ValueInfo[]
  /** Model-local functions, each an encoded FunctionProto that is carried along unread. */
  readonly functions: readonly Uint8Array[]
}

/** The names that the graph's body reads from outside of it (non-empty only for bodies of control-flow nodes). */
export function outerValues (graph: Graph): Set<Value> {
  const known = new Set<Value>(['', ...graph.inputs.map((input) => input.name), ...graph.constants.keys()])
  const outer = new Set<Value>()
  for (const node of graph.nodes) {
    for (const value of valuesRead(node)) if (!known.has(value)) outer.add(value)
    for (const value of node.outputs) known.add(value)
  }
  for (const { name } of graph.outputs) if (!known.has(name)) outer.add(name)
  return outer
}

/** Everything that a node reads: its inputs and what its bodies take from around it. */
export function valuesRead (node: GraphNode): Value[] {
  const bodies = Object.values(node.attributes).filter((attribute) => attribute.kind === 'graph')
  return [...node.inputs, ...bodies.flatMap((body) => [...outerValues(body.value)])].filter((value) => value !== '')
}
