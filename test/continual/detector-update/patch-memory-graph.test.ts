import { expect, it } from 'vitest'
import { readPatchMemory } from '../../../engine/continual/detector-update/patch-memory-graph.ts'
import { patchMemory } from '../../../engine/detectors/patch-memory/patch-memory.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'
import { goodPart, goodParts } from '../../detectors/good-parts.ts'

async function mapOf (model: Uint8Array): Promise<number[]> {
  const session = await openSession(model)
  try {
    const { map } = await session.run({ image: { type: 'uint8', dims: [1, 64, 64, 1], data: goodPart(99).data } })
    return [...map!.data as Float32Array]
  } finally {
    await session.close()
  }
}

it.each([1, 3])('takes a memory apart and puts it together again, by the mean of %i distances', async (k) => {
  const options = { scale: 'fine', size: 64, bankSize: 100, normalisation: 'backbone', whitening: true, k }
  const { bytes, metadata } = await patchMemory.fit(goodParts(24), options, { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal })
  expect(metadata.options['k']).toBe(k)
  const memory = readPatchMemory(bytes)
  const { entries, width } = memory.bank
  expect(entries.length / width).toBe(100)
  const before = await mapOf(bytes)
  const again = await mapOf(memory.withEntries(entries))
  expect(Math.max(...again.map((value, index) => Math.abs(value - before[index]!)))).toBeLessThan(1e-5)
  const moved = await mapOf(memory.withEntries(entries.map((value) => value + 10)))
  expect(Math.min(...moved)).toBeGreaterThan(Math.max(...before))
}, 120_000)
