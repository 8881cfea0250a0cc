import { describe, expect, it } from 'vitest'
import type { FillName } from '../../../engine/detectors/defect-fills.ts'
import { detectorByFamily } from '../../../engine/detectors/registry.ts'
import { judgingOperators } from '../../../engine/evaluation/compare/judging-operators.ts'
import type { JsonValue } from '../../../schemas/bundle.ts'

function trained (family: string, options: { [option: string]: JsonValue } = {}): readonly FillName[] {
  return detectorByFamily(family).trainedOperators?.(options) ?? []
}

describe('trainedOperators', () => {
  it('are what the training of a family draws with its options', () => {
    expect(trained('discriminative')).toEqual(['paste', 'tone', 'contrast'])
    expect(trained('discriminative', { drawings: 0, noise: 0.5 })).toEqual([])
    expect(trained('contrastive', { tiles: '2x2' })).toEqual(['paste'])
    expect(trained('contrastive', { method: 'simclr' })).toEqual([])
    for (const family of ['patch-memory', 'density']) {
      expect(trained(family)).toEqual([])
      expect(trained(family, { backbone: 'self-trained' })).toEqual(['paste'])
    }
    expect(trained('auto')).toEqual([])
    expect(trained('auto', { families: ['patch-memory', 'contrastive'] })).toEqual(['paste'])
    for (const family of ['template-difference', 'reconstruction', 'distillation', 'classifier']) expect(trained(family)).toEqual([])
  })
})

describe('judgingOperators', () => {
  it('are all where no training draws', () => {
    expect(judgingOperators([[], []])).toEqual(['paste', 'tone', 'noise', 'smear', 'contrast'])
  })

  it('leave out what a training draws, for every family', () => {
    expect(judgingOperators([[], trained('contrastive')])).toEqual(['tone', 'noise', 'smear', 'contrast'])
  })

  it('leave out nothing for a family whose training draws most kinds', () => {
    expect(judgingOperators([[], trained('discriminative')])).toEqual(['paste', 'tone', 'noise', 'smear', 'contrast'])
    expect(judgingOperators([trained('discriminative'), trained('contrastive')])).toEqual(['tone', 'noise', 'smear', 'contrast'])
  })
})
