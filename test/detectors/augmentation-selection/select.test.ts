import { describe, expect, it } from 'vitest'
import { contrastive } from '../../../engine/detectors/contrastive/contrastive.ts'
import { reconstruction } from '../../../engine/detectors/reconstruction/reconstruction.ts'
import { readBundle } from '../../../engine/bundle/bundle.ts'
import type { FitContext } from '../../../engine/detectors/detector.ts'
import { asGoodImages, grains, ribs } from './product-pictures.ts'

const context: FitContext = { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal }
const csi = { method: 'csi', augmentation: 'auto', size: 96, patch: 48, width: 4, bankSize: 60, batch: 2, steps: 10 }

describe('augmentation: auto', { timeout: 300_000 }, () => {
  it('leaves turns out of the shifts of CSI where the product has no direction, and says why', async () => {
    const { bytes } = await contrastive.fit(asGoodImages(grains, 36), csi, context)
    const { metadata: { options, augmentation } } = await readBundle(bytes)
    expect(options['method']).toBe('simclr')
    expect(options['augmentation']).toContain('turn')
    expect(augmentation?.shifts).toMatchObject([{ name: 'turns', accepted: false }])
    expect(augmentation?.sets.map(({ shifts }) => shifts)).toEqual([[]])
    expect(augmentation?.sentences.join(' ')).toMatch(/Quarter turns are recognised on \d+ % of held-out pictures only/)
  })

  it('judges every set by each operator, and learns with the one that it chose', async () => {
    const quick = { augmentation: 'auto', size: 64, loss: 'l2', width: 4, bottleneck: 4, batch: 2, steps: 20 }
    const { metadata: { options, augmentation } } = await reconstruction.fit(asGoodImages(ribs, 36), quick, context)
    const chosen = augmentation?.sets.filter((set) => set.chosen) ?? []
    expect(chosen).toHaveLength(1)
    expect(options['augmentation']).toEqual(chosen[0]?.nuisances.length === 0 ? 'none' : chosen[0]?.nuisances)
    expect(augmentation?.sets).toHaveLength(2)
    expect(augmentation?.sets[1]?.nuisances).not.toContain('turn')
    for (const { byOperator, proxyAuroc } of augmentation?.sets ?? []) {
      expect(Object.keys(byOperator).sort()).toEqual(['contrast', 'noise', 'paste', 'smear', 'tone'])
      expect(proxyAuroc).toBeCloseTo(Object.values(byOperator).reduce((sum, value) => sum + value, 0) / 5, 6)
    }
    const best = Math.max(...augmentation?.sets.map(({ proxyAuroc }) => proxyAuroc) ?? [])
    expect(chosen[0]?.proxyAuroc).toBeGreaterThanOrEqual(best - 0.01)
  })
})
