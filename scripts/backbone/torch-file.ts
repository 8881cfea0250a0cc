/**
 * Reads a state dict that PyTorch wrote in its first file format (before 1.6): five pickles (magic number, protocol, system, the
 * object with its storages as persistent ids, the storages' keys in order), then each storage as its length and its numbers.
 */
import { Call, Global, readPickle } from './pickle.ts'

export interface StoredTensor {
  dims: number[]
  values: Float32Array
}

interface Storage { key: string, type: string, length: number }

const magicNumber = '6cfc9c46f9206aa85019'

/** Floating-point tensors only, row-major; counters of other types are left out. */
export function readStateDict (file: Buffer): Map<string, StoredTensor> {
  const magic = readPickle(file, 0)
  if (magic.value !== magicNumber) throw new Error('Expected a PyTorch file of the first format, got another magic number')
  const protocol = readPickle(file, magic.end)
  const system = readPickle(file, protocol.end)
  const state = readPickle(file, system.end, toStorage)
  const keys = readPickle(file, state.end)
  if (!(state.value instanceof Map) || !Array.isArray(keys.value)) throw new Error('Expected a state dict, got something else')

  const described = [...state.value as Map<string, unknown>].map(([name, call]) => ({ name, ...describe(call) }))
  const storages = new Map(described.map(({ storage }) => [storage.key, storage]))
  const numbers = new Map<string, Float32Array>()
  let at = keys.end
  for (const key of keys.value as string[]) {
    const storage = storages.get(key)
    if (storage === undefined) throw new Error(`Expected storage ${key} to belong to a tensor, got none`)
    const bytes = Number(file.readBigInt64LE(at)) * (storage.type === 'torch.FloatStorage' ? 4 : 8)
    at += 8
    if (storage.type === 'torch.FloatStorage') numbers.set(key, new Float32Array(Uint8Array.from(file.subarray(at, at + bytes)).buffer))
    at += bytes
  }
  return new Map(described.flatMap(({ name, storage, offset, dims, strides }) => {
    const values = numbers.get(storage.key)
    return values === undefined ? [] : [[name, { dims, values: rowMajor(values, offset, dims, strides) }]]
  }))
}

function toStorage (id: unknown): Storage {
  const [kind, type, key, , length] = id as [string, Global, string, string, number]
  if (kind !== 'storage' || !['torch.FloatStorage', 'torch.LongStorage'].includes(type.name)) throw new Error(`Expected a float or long storage, got ${kind} ${type.name}`)
  return { key, type: type.name, length }
}

function describe (call: unknown): { storage: Storage, offset: number, dims: number[], strides: number[] } {
  if (!(call instanceof Call) || !(call.callee instanceof Global) || call.callee.name !== 'torch._utils._rebuild_tensor_v2') {
    throw new Error('Expected the state dict to hold tensors, got something else')
  }
  const [storage, offset, dims, strides] = call.parameters as [Storage, number, number[], number[]]
  return { storage, offset, dims, strides }
}

function rowMajor (storage: Float32Array, offset: number, dims: number[], strides: number[]): Float32Array {
  const values = new Float32Array(dims.reduce((product, size) => product * size, 1))
  for (let index = 0; index < values.length; index++) {
    let rest = index
    let from = offset
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const size = dims[axis] as number
      from += rest % size * (strides[axis] as number)
      rest = Math.floor(rest / size)
    }
    values[index] = storage[from] as number
  }
  return values
}
