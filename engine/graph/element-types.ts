/** Element types of ONNX tensors: name, number on the wire (TensorProto.DataType), bytes of one element. */
import { GoodpartsError } from '../errors.ts'

const table = {
  float32: [1, 4],
  uint8: [2, 1],
  int8: [3, 1],
  uint16: [4, 2],
  int16: [5, 2],
  int32: [6, 4],
  int64: [7, 8],
  bool: [9, 1],
  float16: [10, 2],
  float64: [11, 8],
  uint32: [12, 4],
  uint64: [13, 8],
  bfloat16: [16, 2]
} as const satisfies Record<string, readonly [wire: number, bytes: number]>

export type ElementType = keyof typeof table

export function wireNumber (type: ElementType): number {
  return table[type][0]
}

export function bytesPerElement (type: ElementType): number {
  return table[type][1]
}

/** @throws GOODPARTS_GRAPH_INVALID for a type that holds no plain numbers (strings, complex, 4-bit). */
export function elementType (wire: number, where: string): ElementType {
  for (const [name, [number]] of Object.entries(table)) if (number === wire) return name as ElementType
  throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected ${where} to hold a plain numeric element type, got data type ${wire}`)
}
