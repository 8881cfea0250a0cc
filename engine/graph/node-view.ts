/** One node with what is known of its inputs: the face that shape rules and gradient rules read. */
import { GoodpartsError } from '../errors.ts'
import type { ElementType } from './element-types.ts'
import type { GraphNode, Value } from './graph.ts'

export type Shape = readonly number[]

/** What is known of a value when every size is a number. */
export interface ValueType {
  readonly type: ElementType
  readonly shape: Shape
  /** The numbers themselves, where the value follows from constants and shapes alone and is small; row-major. */
  readonly numbers: readonly number[] | null
}

export type FindType = (value: Value) => ValueType | undefined

export class NodeView {
  readonly node: GraphNode
  readonly #find: FindType

  constructor (node: GraphNode, find: FindType) {
    this.node = node
    this.#find = find
  }

  /** Rank of the first input. */
  get rank (): number {
    return this.shape(0).length
  }

  has (index: number): boolean {
    return (this.node.inputs[index] ?? '') !== ''
  }

  /** @throws GOODPARTS_GRAPH_INVALID when the input is absent or nothing is known of it. */
  input (index: number): ValueType {
    const name = this.node.inputs[index] ?? ''
    if (name === '') throw this.invalid(`input ${index} to be given`, 'nothing')
    const found = this.#find(name)
    if (found === undefined) throw this.invalid(`a known type and shape for ${name}`, 'neither')
    return found
  }

  shape (index: number): Shape {
    return this.input(index).shape
  }

  /** The numbers of an input that follows from constants. @throws GOODPARTS_GRAPH_INVALID when it does not. */
  numbers (index: number): readonly number[] {
    const { numbers } = this.input(index)
    if (numbers === null) throw this.invalid(`input ${this.node.inputs[index] ?? index} to follow from constants and shapes`, 'a value that depends on data')
    return numbers
  }

  whole (name: string, otherwise: number): number {
    const attribute = this.node.attributes[name]
    return attribute?.kind === 'int' ? Number(attribute.value) : otherwise
  }

  wholes (name: string): number[] | null {
    const attribute = this.node.attributes[name]
    return attribute?.kind === 'ints' ? attribute.value.map(Number) : null
  }

  float (name: string, otherwise: number): number {
    const attribute = this.node.attributes[name]
    return attribute?.kind === 'float' ? attribute.value : otherwise
  }

  text (name: string, otherwise: string): string {
    const attribute = this.node.attributes[name]
    return attribute?.kind === 'string' ? attribute.value : otherwise
  }

  /** The attribute `axis` counted from the front. */
  axis (otherwise: number, rank = this.rank): number {
    return fromFront(this.whole('axis', otherwise), rank)
  }

  invalid (expected: string, got: string): GoodpartsError {
    return new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected ${this.node.operator} ${this.node.name} to have ${expected}, got ${got}`)
  }
}

export function fromFront (axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis
}

export function sizeOf (shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1)
}

export function sameShape (left: Shape, right: Shape): boolean {
  return left.length === right.length && left.every((size, index) => size === right[index])
}
