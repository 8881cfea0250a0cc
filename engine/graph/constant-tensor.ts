/** Constants from and to numbers. */
import { GoodpartsError } from '../errors.ts'
import { bytesPerElement } from './element-types.ts'
import type { ElementType } from './element-types.ts'
import type { ConstantTensor } from './graph.ts'

export type Numbers = Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array

/** Takes the numbers as they lie, without a copy. @throws GOODPARTS_GRAPH_INVALID when count and `dims` differ. */
export function constantTensor (numbers: Numbers, dims: readonly number[] = [numbers.length]): ConstantTensor {
  const count = dims.reduce((product, size) => product * size, 1)
  if (count !== numbers.length) {
    throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected ${count} numbers for a constant of shape [${dims.join(', ')}], got ${numbers.length}`)
  }
  return { type: typeOf(numbers), dims, bytes: new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength) }
}

/** The numbers of a float32 constant. @throws GOODPARTS_GRAPH_INVALID for another type. */
export function floatsOf (tensor: ConstantTensor): Float32Array {
  if (tensor.type !== 'float32') throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected a float32 constant, got ${tensor.type}`)
  return new Float32Array(aligned(tensor), 0, tensor.bytes.byteLength / bytesPerElement('float32'))
}

/** A copy at offset 0, so that any typed array may view it. */
function aligned (tensor: ConstantTensor): ArrayBuffer {
  const copy = new ArrayBuffer(tensor.bytes.byteLength)
  new Uint8Array(copy).set(tensor.bytes)
  return copy
}

function typeOf (numbers: Numbers): ElementType {
  if (numbers instanceof Float32Array) return 'float32'
  if (numbers instanceof Uint8Array) return 'uint8'
  if (numbers instanceof Int8Array) return 'int8'
  if (numbers instanceof Int32Array) return 'int32'
  return 'int64'
}
