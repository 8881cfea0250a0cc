import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { efficientNetLite0 } from '../../../engine/backbones/backbone.ts'
import type { FitContext, FitProgress } from '../../../engine/detectors/detector.ts'
import { candidateSizes } from '../../../engine/detectors/backbone-features/candidate-scales.ts'
import { scaleCandidates } from '../../../engine/detectors/patch-memory/candidates.ts'
import { patchMemoryDefaults } from '../../../engine/detectors/patch-memory/options.ts'
import { patchMemory } from '../../../engine/detectors/patch-memory/patch-memory.ts'
import { goodParts } from '../good-parts.ts'

function context (change: Partial<FitContext> = {}): FitContext {
  return { seed: 3, threads: 1, progress: () => {}, signal: new AbortController().signal, ...change }
}

describe('candidates', () => {
  it.each([[64, [128]], [224, [128, 192, 256, 320]], [350, [192, 256, 320, 448]], [640, [256, 384, 512, 640]], [1920, [384, 512, 768]]])(
    'for pictures of %i pixels are spread below their size, little above it', (edge, expected) => {
      expect(candidateSizes({ size: 'auto' }, edge)).toEqual(expected)
    })

  it('are only what is left open', () => {
    const given = { ...patchMemoryDefaults, scale: 'standard', size: 256 }
    expect(scaleCandidates(given, efficientNetLite0, 640)).toMatchObject([{ layers: 'standard', size: 256 }])
    expect(scaleCandidates({ ...given, scale: 'auto' }, efficientNetLite0, 640).map(({ layers }) => layers)).toEqual(['fine', 'standard'])
  })

  it('refuse layers that the backbone does not have', () => {
    expect(() => scaleCandidates({ ...patchMemoryDefaults, scale: 'coarse' }, efficientNetLite0, 256)).toThrow(/fine, standard, three, .*got coarse/)
  })
})

describe('scale: auto', () => {
  it('tries what is left open, shows the table as it grows, keeps it in the bundle, and chooses one', async () => {
    const reports: FitProgress[] = []
    const { metadata } = await patchMemory.fit(goodParts(30), { bankSize: 100 }, context({ progress: (progress) => reports.push(progress) }))
    const { trials, options } = metadata
    expect(new Set(trials.map(({ layers }) => layers))).toEqual(new Set(['fine', 'standard']))
    expect(trials.filter(({ chosen }) => chosen)).toHaveLength(1)
    const chosen = trials.find((trial) => trial.chosen)!
    expect(options).toMatchObject({ scale: chosen.layers, size: chosen.size, normalisation: chosen.settings['normalisation'], whitening: chosen.settings['whitening'] })
    expect(chosen.proxyAuroc).toBeGreaterThan(0.5)
    expect(chosen.imagesPerSecond).toBeGreaterThan(0)
    const counts = reports.map((report) => report.trials?.length ?? 0)
    expect(counts).toEqual([...counts].sort((a, b) => a - b))
    expect(counts.at(-1)).toBe(trials.length)
  })

  it('takes nothing that is slower than asked for', async () => {
    const fit = patchMemory.fit(goodParts(24), { bankSize: 50, targetImagesPerSecond: 100_000 }, context())
    await expect(fit).rejects.toMatchObject({ code: 'GOODPARTS_FIT_FAILED', message: expect.stringMatching(/100000 images per second/) as string })
  })

  it('tries nothing when nothing is left open', async () => {
    const { metadata } = await patchMemory.fit(goodParts(24), { scale: 'standard', size: 64, bankSize: 30, normalisation: 'image', whitening: false }, context())
    expect(metadata.trials).toEqual([])
    expect(metadata.options).toMatchObject({ scale: 'standard', size: 64, bankSize: 30, normalisation: 'image', whitening: false })
  })
})

describe('another backbone', () => {
  const given = { size: 64, bankSize: 30, whitening: false, normalisation: 'backbone', backbone: efficientNetLite0.path }

  it('is a path and the names of its layers', async () => {
    const { metadata, bytes } = await patchMemory.fit(goodParts(24), { ...given, scale: 'all', backboneLayers: ['block4', 'block10'] }, context())
    expect(metadata.versions['backbone']).toBe(efficientNetLite0.path)
    expect(metadata.map).toEqual({ height: 8, width: 8 })
    expect(bytes.byteLength).toBeGreaterThan(100_000)
  })

  it('is refused without names of layers, with a wrong one, or when it is no model', async () => {
    await expect(patchMemory.fit(goodParts(24), { ...given, scale: 'all' }, context())).rejects.toMatchObject({ code: 'GOODPARTS_ARGUMENT' })
    await expect(patchMemory.fit(goodParts(24), { ...given, scale: 'all', backboneLayers: ['nowhere'] }, context())).rejects.toMatchObject({ code: expect.stringMatching(/GOODPARTS_(ARGUMENT|GRAPH_INVALID)/) as string })
    expect((await readFile(import.meta.filename)).byteLength).toBeGreaterThan(0)
    await expect(patchMemory.fit(goodParts(24), { ...given, scale: 'all', backbone: import.meta.filename, backboneLayers: ['block4'] }, context())).rejects.toMatchObject({ code: 'GOODPARTS_GRAPH_INVALID' })
  })
})
