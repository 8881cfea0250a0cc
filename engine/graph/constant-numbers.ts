/** Constants of any numeric type from and to plain numbers, for shape arithmetic. */
import { bytesPerElement } from './element-types.ts'
import type { ElementType } from './element-types.ts'
import type { ConstantTensor } from './graph.ts'
import type { Shape } from './node-view.ts'

type Access = readonly [read: (view: DataView, at: number) => number, write: (view: DataView, at: number, value: number) => void]

/** Little-endian, as ONNX keeps them. The 16-bit floats are left out: no shape is computed in them. */
const accesses: Partial<Record<ElementType, Access>> = {
  float32: [(view, at) => view.getFloat32(at, true), (view, at, value) => view.setFloat32(at, value, true)],
  float64: [(view, at) => view.getFloat64(at, true), (view, at, value) => view.setFloat64(at, value, true)],
  int64: [(view, at) => Number(view.getBigInt64(at, true)), (view, at, value) => view.setBigInt64(at, wholeNumber(value), true)],
  int32: [(view, at) => view.getInt32(at, true), (view, at, value) => view.setInt32(at, value, true)],
  int16: [(view, at) => view.getInt16(at, true), (view, at, value) => view.setInt16(at, value, true)],
  int8: [(view, at) => view.getInt8(at), (view, at, value) => view.setInt8(at, value)],
  uint8: [(view, at) => view.getUint8(at), (view, at, value) => view.setUint8(at, value)],
  bool: [(view, at) => view.getUint8(at), (view, at, value) => view.setUint8(at, value === 0 ? 0 : 1)]
}

/** `null` for a type in which no shape is computed. */
export function numbersOf (tensor: ConstantTensor): number[] | null {
  const access = accesses[tensor.type]
  if (access === undefined) return null
  const view = new DataView(tensor.bytes.buffer, tensor.bytes.byteOffset, tensor.bytes.byteLength)
  const width = bytesPerElement(tensor.type)
  return Array.from({ length: tensor.bytes.byteLength / width }, (_, index) => access[0](view, index * width))
}

/** `null` for a type in which no shape is computed. */
export function tensorOf (type: ElementType, dims: Shape, numbers: readonly number[]): ConstantTensor | null {
  const access = accesses[type]
  if (access === undefined) return null
  const width = bytesPerElement(type)
  const bytes = new Uint8Array(numbers.length * width)
  const view = new DataView(bytes.buffer)
  numbers.forEach((value, index) => { access[1](view, index * width, value) })
  return { type, dims, bytes }
}

/** "To the end" is written as the largest int64, which is 2^63 as a double. */
function wholeNumber (value: number): bigint {
  return value >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(Math.trunc(value))
}
