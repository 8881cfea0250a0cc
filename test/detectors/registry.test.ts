import { describe, expect, it } from 'vitest'
import { detectorByFamily, detectors } from '../../engine/detectors/registry.ts'
import type { JsonValue } from '../../schemas/bundle.ts'
import { describeDetectorContract } from './detector-contract.ts'
import { quickOptions } from './quick-options.ts'

for (const detector of detectors) describeDetectorContract(detector, quickOptions[detector.family]!)

/** Families that keep patches, positions and a trained network, shown tiles and regions. */
const region = [{ polygon: [[0, 0], [1, 0], [1, 1], [0.4, 1], [0, 0.6]] }]
const tiledOptions: Array<[string, Record<string, JsonValue>]> = [
  ['patch-memory', { size: 64, tiles: '2x2' }],
  ['density', { size: 64, tiles: '2x1', overlap: 0.4, regions: region }],
  ['reconstruction', { tiles: '2x2', overlap: 0.1 }],
  ['classifier', { regions: [{ box: [0, 0, 1, 0.9] }] }]
]
for (const [family, options] of tiledOptions) describeDetectorContract(detectorByFamily(family), { ...quickOptions[family], ...options })

/** Networks that are trained instead of taken, and other options that change the graph. */
const otherOptions: Array<[string, Record<string, JsonValue>, number?]> = [
  ['patch-memory', { backbone: 'self-trained', encoderSteps: 160, scale: 'standard', size: 128, bankSize: 200, k: 3 }],
  // Few defects teach a network nothing that would hold for others.
  ['classifier', { features: 'scratch', size: 64, width: 8, steps: 200, batch: 16, learningRate: 0.005 }, 96],
  ['classifier', { features: 'scratch', blocks: 'inverted', size: 64, width: 8, steps: 130, batch: 16, learningRate: 0.01 }, 96],
  ['density', { backbone: 'self-trained', encoderSteps: 160, scale: 'standard', size: 128, channels: 24, mapSigma: 2 }]
]
for (const [family, options, defectCount] of otherOptions) describeDetectorContract(detectorByFamily(family), { ...quickOptions[family], ...options }, defectCount)

describe('layers and a size', () => {
  it.each([
    ['patch-memory', { scale: 'coarse' }], ['density', { scale: 'fine', size: 100 }], ['discriminative', { scale: 'standard', size: 72 }], ['distillation', { scale: 'coarse' }],
    ['classifier', { scale: 'coarse' }], ['reconstruction', { size: 300 }], ['contrastive', { size: 300 }], ['contrastive', { method: 'csi', augmentation: ['contrast', 'turn'] }], ['auto', { families: ['density'], scale: 'coarse' }], ['auto', { families: ['magic'] }],
    ['patch-memory', { backbone: 'self-trained', scale: 'three' }], ['density', { backbone: 'self-trained', size: 66 }], ['discriminative', { backbone: 'self-trained' }], ['classifier', { features: 'scratch', size: 100 }],
    ['density', { tiles: '2x2', scale: 'coarse' }], ['classifier', { tiles: '2x2' }]
  ])('that %s cannot have are refused before there is a picture: %j', (family, options: Record<string, JsonValue>) => {
    expect(() => { detectorByFamily(family).check(options) }).toThrow(expect.objectContaining({ code: 'GOODPARTS_ARGUMENT' }) as Error)
  })

  it('may be wrong for some families of auto, not for all', () => {
    const auto = detectorByFamily('auto')
    expect(() => { auto.check({ scale: 'fine', size: 100 }) }).not.toThrow()
    expect(() => { auto.check({ families: ['patch-memory', 'density'], scale: 'fine', size: 100 }) }).toThrow(/multiple of 8/)
  })
})

describe('a turned view', () => {
  it('is the same to simclr, and to csi where nothing says so', () => {
    const contrastive = detectorByFamily('contrastive')
    expect(() => { contrastive.check({ method: 'simclr', augmentation: ['contrast', 'turn'] }) }).not.toThrow()
    expect(() => { contrastive.check({ method: 'csi', augmentation: ['contrast', 'mirror'] }) }).not.toThrow()
  })
})

describe('the registry', () => {
  it('knows every family that is tested, each once', () => {
    expect(detectors.map(({ family }) => family)).toEqual(Object.keys(quickOptions))
  })

  it('names the families when asked for another', () => {
    expect(() => detectorByFamily('magic')).toThrow(/one of patch-memory, .*got magic/)
  })
})
