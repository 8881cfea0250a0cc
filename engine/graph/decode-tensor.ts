/** TensorProto to a constant: whichever of its fields holds the numbers, they become little-endian bytes. */
import { GoodpartsError } from '../errors.ts'
import { bytesPerElement, elementType } from './element-types.ts'
import type { ElementType } from './element-types.ts'
import type { ConstantTensor } from './graph.ts'
import type { WireInteger, WireTensor } from './wire.ts'

/** @throws GOODPARTS_GRAPH_INVALID when it is kept in another file, is not numeric, or has not as many bytes as its shape asks for. */
export function decodeTensor (wire: WireTensor): ConstantTensor {
  const where = `constant ${wire.name}`
  if (wire.external.length > 0) {
    throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected ${where} to be inside the model file, got a reference to another file`,
      { fix: 'Save the model as one file, without external data.' })
  }
  const type = elementType(wire.type, where)
  const dims = wire.dims.map((size) => Number(wholeNumber(size)))
  const expected = dims.reduce((product, size) => product * size, bytesPerElement(type))
  const bytes = wire.raw.byteLength > 0 || expected === 0 ? new Uint8Array(wire.raw.buffer, wire.raw.byteOffset, wire.raw.byteLength) : fromNumbers(wire, type)
  if (bytes.byteLength !== expected) {
    throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected ${where} of shape [${dims.join(', ')}] ${type} to have ${expected} bytes, got ${bytes.byteLength}`)
  }
  return { type, dims, bytes }
}

/** A number where it is exact, else a bigint. */
export function wholeNumber (wire: WireInteger): number | bigint {
  const number = Number(wire.toString())
  return Number.isSafeInteger(number) ? number : BigInt(wire.toString())
}

function fromNumbers (wire: WireTensor, type: ElementType): Uint8Array {
  const bytes = bytesPerElement(type)
  switch (type) {
    case 'float32': return fill(wire.floats, bytes, (view, at, value) => view.setFloat32(at, value, true))
    case 'float64': return fill(wire.doubles, bytes, (view, at, value) => view.setFloat64(at, value, true))
    case 'int64': return fill(wire.int64s, bytes, (view, at, value) => view.setBigInt64(at, BigInt(value.toString()), true))
    case 'uint64': return fill(wire.uint64s, bytes, (view, at, value) => view.setBigUint64(at, BigInt(value.toString()), true))
    case 'uint32': return fill(wire.uint64s, bytes, (view, at, value) => view.setUint32(at, Number(value.toString()), true))
    case 'int32': return fill(wire.int32s, bytes, (view, at, value) => view.setInt32(at, value, true))
    case 'int16': case 'uint16': case 'float16': case 'bfloat16':
      return fill(wire.int32s, bytes, (view, at, value) => view.setUint16(at, value & 0xffff, true))
    case 'int8': case 'uint8': case 'bool':
      return fill(wire.int32s, bytes, (view, at, value) => view.setUint8(at, value & 0xff))
  }
}

function fill<T> (values: readonly T[], bytes: number, set: (view: DataView, at: number, value: T) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * bytes))
  values.forEach((value, index) => set(view, index * bytes, value))
  return new Uint8Array(view.buffer)
}
