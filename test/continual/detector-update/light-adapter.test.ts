import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { readBundle, saveBundle } from '../../../engine/bundle/bundle.ts'
import { knownLights, lightOf, typicalLight, withLight, type KnownLights, type Light } from '../../../engine/continual/detector-update/light-adapter.ts'
import { updateDetector, type UpdateRequest } from '../../../engine/continual/detector-update/update-detector.ts'
import { LabelInbox } from '../../../engine/continual/label-inbox.ts'
import { patchMemory } from '../../../engine/detectors/patch-memory/patch-memory.ts'
import { Scorer } from '../../../engine/detectors/scorer.ts'
import { decodeModel } from '../../../engine/graph/decode.ts'
import { encodeModel } from '../../../engine/graph/encode.ts'
import { GraphBuilder } from '../../../engine/graph/builder.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'
import { encodePng, type RawImage } from '../../../engine/frame/image-codec.ts'
import { normal, seededRandom } from '../../../engine/random.ts'
import { part, range } from './products.ts'

// Fits and updates share the machine with the other tests.
vi.setConfig({ testTimeout: 240_000 })

/** The same part in half the light. */
function dim (image: RawImage): RawImage {
  return { ...image, data: image.data.map((value) => Math.round(0.5 * value)) }
}

it('the light of pictures is the median of their channels, and none is refused', () => {
  const picture: RawImage = { data: Uint8Array.of(10, 100, 0, 30, 100, 0), width: 2, height: 1, channels: 3 }
  expect(lightOf(picture)).toEqual({ mean: [20, 100, 0], deviation: [10, 0, 0] })
  expect(typicalLight([5, 6, 250].map((mean) => ({ mean: [mean], deviation: [1] })))).toEqual({ mean: [6], deviation: [1] })
  expect(() => typicalLight([])).toThrow(/good parts to take the light from, got none/)
})

it('an adapter brings dim pictures back through the gate, and leaves those in the old light as they were', async () => {
  const images = range(0, 24).map((seed) => ({ name: `woven ${seed}`, group: null, calibration: false, read: () => Promise.resolve(part('woven', seed)) }))
  const parent = await patchMemory.fit(images, { scale: 'standard', size: 96, bankSize: 100, components: 16, whitening: false, normalisation: 'backbone' }, { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal })
  const folder = mkdtempSync(join(tmpdir(), 'goodparts-light-'))
  try {
    const request: UpdateRequest = { bundle: join(folder, 'line.onnx'), folder, policy: 'snnl-preserving', memory: { items: 60, bytes: 1e9 }, inbox: { items: 500, bytes: 1e9 }, mode: 'recalibrate', reviewRate: 0.1, rejectRate: 0.02, seed: 1 }
    await saveBundle(request.bundle, parent)
    const inbox = new LabelInbox(join(folder, 'inbox'), request.inbox)
    const add = async (image: RawImage, id: string): Promise<void> => { await inbox.add(await encodePng(image), { product: 'woven', label: 'good', partId: id, by: 'person', pValue: null, inDrift: false }) }
    for (const seed of range(100, 30)) await add(part('woven', seed), `bright ${seed}`)
    expect(await updateDetector(request)).toMatchObject({ accepted: true })
    const before = await readBundle(request.bundle)
    for (const seed of range(200, 30)) await add(dim(part('woven', seed)), `dim ${seed}`)
    const outcome = await updateDetector({ ...request, mode: 'adapt' })
    expect(outcome).toMatchObject({ accepted: true, gate: { reasons: [] } })
    const after = await readBundle(request.bundle)
    expect(knownLights(after.metadata)).toHaveLength(2)
    expect(after.metadata.options.update).toBe('adapt')

    const [old, next] = [await Scorer.open(before.bytes, 1), await Scorer.open(after.bytes, 1)]
    const dimmed = dim(part('woven', 300))
    expect(await next.score(part('woven', 300))).toBeCloseTo(await old.score(part('woven', 300)), 5)
    expect(await old.score(dimmed)).toBeGreaterThan(outcome.gate.limits.before.reject)
    expect(await next.score(dimmed)).toBeLessThanOrEqual(outcome.gate.limits.after.reject)
    expect(await next.score(dim(part('woven', 301, true)))).toBeGreaterThan(outcome.gate.limits.after.reject)
    const afterScore = await next.score(dimmed)
    for (const scorer of [old, next]) await scorer.close()
    // A third light is one more in the same stage: pictures in the second are still brought back.
    const third = withLight(after.bytes, { mean: [200], deviation: [60] }, knownLights(after.metadata)!)
    expect(decodeModel(third).nodes).toHaveLength(decodeModel(after.bytes).nodes.length)
    const again = await Scorer.open(third, 1)
    expect(await again.score(dimmed)).toBeCloseTo(afterScore, 5)
    await again.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('five adaptations make one stage of the same nodes, which brings a picture in any of the lights back and leaves the first as it is', async () => {
  // A model that shows what reaches it.
  const builder = new GraphBuilder('seen')
  builder.output('seen', builder.input('picture', 'uint8', ['N', 'H', 'W', 'C']), 'uint8', ['N', 'H', 'W', 'C'])
  const bare = encodeModel(builder.build())
  const reference: Light = { mean: [120, 100, 80], deviation: [40, 30, 20] }
  // The last has so little contrast that the gain is bounded.
  const added: Light[] = [[0.5, 0.5], [1.5, 0.6], [0.3, 0.4], [1.8, 1.2], [0.8, 0.05]].map(([level = 1, contrast = 1]) => ({ mean: reference.mean.map((value) => value * level), deviation: reference.deviation.map((value) => value * contrast) }))
  let model = bare
  let known: KnownLights = [reference]
  const sizes: number[][] = []
  for (const light of added) {
    model = withLight(model, light, known)
    known = [...known, light]
    const { nodes, constants } = decodeModel(model)
    sizes.push([nodes.length, constants.size])
  }
  expect(new Set(sizes.map(String))).toHaveLength(1)
  expect(sizes[0]![0]).toBeGreaterThan(decodeModel(bare).nodes.length)

  const pictures = [reference, ...added].map((light, row) => inLight(light, row))
  const session = await openSession(model, { threads: 1 })
  try {
    for (const [row, picture] of pictures.entries()) {
      const { seen } = await session.run({ picture: { type: 'uint8', dims: [1, 8, 8, 3], data: picture } })
      expect(Array.from(seen!.data as Uint8Array)).toEqual(Array.from(row === 0 ? picture : stretched(picture, added[row - 1]!, reference)))
    }
    const together = await session.run({ picture: { type: 'uint8', dims: [pictures.length, 8, 8, 3], data: Uint8Array.from(pictures.flatMap((picture) => [...picture])) } })
    expect(Array.from((together.seen!.data as Uint8Array).subarray(0, pictures[0]!.length))).toEqual(Array.from(pictures[0]!))
    expect(Array.from((together.seen!.data as Uint8Array).subarray(-192))).toEqual(Array.from(stretched(pictures.at(-1)!, added.at(-1)!, reference)))
  } finally {
    await session.close()
  }
})

/** Of 8 by 8 pixels and three channels. */
function inLight ({ mean, deviation }: Light, seed: number): Uint8Array {
  const random = seededRandom(seed)
  return Uint8Array.from({ length: 192 }, (_, at) => Math.max(0, Math.min(255, Math.round(mean[at % 3]! + deviation[at % 3]! * normal(random)))))
}

/** In single precision, half to even, as the graph's numbers are. */
function stretched (picture: Uint8Array, from: Light, to: Light): Uint8Array {
  return picture.map((value, at) => {
    const channel = at % 3
    const gain = Math.min(4, Math.max(0.25, to.deviation[channel]! / Math.max(1, from.deviation[channel]!)))
    const level = Math.fround(Math.fround(value * Math.fround(gain)) + Math.fround(to.mean[channel]! - gain * from.mean[channel]!))
    const rounded = Math.abs(level % 1) === 0.5 ? 2 * Math.round(level / 2) : Math.round(level)
    return Math.max(0, Math.min(255, rounded))
  })
}
