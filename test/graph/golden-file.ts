/** Reads the fixtures that scripts/make-gradient-golden.py and scripts/make-network-golden.py write, and runs graphs against them. */
import { readFileSync } from 'node:fs'
import { encodeModel } from '../../engine/graph/encode.ts'
import type { Graph } from '../../engine/graph/graph.ts'
import { openSession, type SessionOptions, type Tensor } from '../../engine/runtime/onnx-runtime.ts'

interface Entry {
  name: string
  shape: number[]
  offset: number
  type?: 'int64'
}

export interface GoldenCase {
  name: string
  model: Uint8Array
  inputs: Record<string, Tensor>
  outputs: Record<string, Tensor>
  upstream: Record<string, Tensor>
  gradients: Record<string, Tensor>
}

export function readGolden (name: string): GoldenCase[] {
  const bytes = new Uint8Array(readFileSync(new URL(`./golden/${name}`, import.meta.url)))
  const view = new DataView(bytes.buffer)
  const start = 4 + view.getUint32(0, true)
  const cases = JSON.parse(new TextDecoder().decode(bytes.subarray(4, start))) as Array<Record<'inputs' | 'outputs' | 'upstream' | 'gradients', Entry[]> & { name: string, model: [number, number] }>
  const tensors = (entries: Entry[]): Record<string, Tensor> => Object.fromEntries(entries.map(({ name, shape, offset, type }): [string, Tensor] => {
    const count = shape.reduce((product, size) => product * size, 1)
    const from = start + offset
    return [name, type === 'int64'
      ? { type, dims: shape, data: new BigInt64Array(bytes.slice(from, from + 8 * count).buffer) }
      : { type: 'float32', dims: shape, data: new Float32Array(bytes.slice(from, from + 4 * count).buffer) }]
  }))
  return cases.map(({ name, model: [offset, length], inputs, outputs, upstream, gradients }) => ({
    name,
    model: bytes.subarray(start + offset, start + offset + length),
    inputs: tensors(inputs),
    outputs: tensors(outputs),
    upstream: tensors(upstream),
    gradients: tensors(gradients)
  }))
}

export async function runGraph (graph: Graph, feeds: Readonly<Record<string, Tensor>>, options: SessionOptions = {}): Promise<Record<string, Tensor>> {
  const session = await openSession(encodeModel(graph), options)
  try {
    return await session.run(feeds)
  } finally {
    await session.close()
  }
}

/** |found - expected| / |expected| in the Euclidean norm; the plain norm where nothing is expected but zeros. */
export function relativeDistance (found: Tensor | undefined, expected: Tensor): number {
  if (found === undefined || found.data.length !== expected.data.length) return Infinity
  let difference = 0
  let norm = 0
  for (let index = 0; index < expected.data.length; index++) {
    difference += (Number(found.data[index]) - Number(expected.data[index])) ** 2
    norm += Number(expected.data[index]) ** 2
  }
  return norm === 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm)
}
