import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { readBundle, saveBundle } from '../../../engine/bundle/bundle.ts'
import { knownLights, lightOf, typicalLight, withLight } from '../../../engine/continual/detector-update/light-adapter.ts'
import { updateDetector, type UpdateRequest } from '../../../engine/continual/detector-update/update-detector.ts'
import { LabelInbox } from '../../../engine/continual/label-inbox.ts'
import { patchMemory } from '../../../engine/detectors/patch-memory/patch-memory.ts'
import { Scorer } from '../../../engine/detectors/scorer.ts'
import { encodePng, type RawImage } from '../../../engine/frame/image-codec.ts'
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
    for (const scorer of [old, next]) await scorer.close()
    // A third light stands behind the second: pictures in either are still brought back.
    const again = await Scorer.open(withLight(after.bytes, { mean: [200], deviation: [60] }, knownLights(after.metadata)!), 1)
    expect(await again.score(dimmed)).toBeLessThanOrEqual(outcome.gate.limits.after.reject)
    await again.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
})
