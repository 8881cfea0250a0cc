import { describe, expect, it } from 'vitest'
import { fitShare } from '../../engine/detectors/fit-share.ts'
import { detectorByFamily } from '../../engine/detectors/registry.ts'

function sharesOf (family: string, options: Record<string, string | number>, stages: ReadonlyArray<readonly [string, number]>): number[] {
  const share = fitShare(family, options, detectorByFamily(family).defaults, false)
  return stages.flatMap(([stage, total]) => Array.from({ length: total + 1 }, (_, done) => share.reached(stage, done, total)))
}

const trained = [['pictures', 40], ['learning: pictures', 30], ['learning: training', 600], ['learning: features', 30], ['calibration', 10], ['done', 1]] as const

describe('the share of a whole fit', () => {
  it.each([
    ['reconstruction', {}, trained],
    ['contrastive', { augmentation: 'auto' }, [['pictures', 40], ['augmentation: nuisances', 9], ['augmentation: shifts', 3], ['augmentation set 1 of 2: training', 150], ['augmentation set 2 of 2: training', 150], ...trained.slice(1)]],
    ['patch-memory', {}, [['pictures', 40], ['trying 256 fine: features', 30], ['judging 256 fine: scores', 10], ['trying 512 fine: features', 30], ['learning: features', 30], ['learning: coreset', 500], ['calibration', 10], ['done', 1]]],
    ['auto', {}, [['trying patch-memory: pictures', 40], ['trying patch-memory: trying 256 fine: features', 30], ['trying patch-memory: learning: features', 30], ['trying patch-memory: calibration', 9], ['trying density: pictures', 40], ['trying template-difference: learning: features', 4], ['pictures', 40], ['learning: features', 40], ['calibration', 10], ['done', 1]]],
    // Too few pictures to choose by: the first family is fitted, and none is tried before.
    ['auto', {}, [['pictures', 40], ['trying 256 fine: features', 30], ['judging 256 fine: scores', 10], ['learning: features', 30], ['learning: coreset', 500], ['calibration', 10], ['done', 1]]]
  ] as const)('of %s never falls, and ends at 1', (family, options, stages) => {
    const shares = sharesOf(family, options, stages)
    expect(shares).toEqual([...shares].sort((a, b) => a - b))
    expect(shares[0]).toBe(0)
    expect(shares.at(-1)).toBeCloseTo(1, 9)
    // No stage alone makes it leap: what is seen moves.
    expect(new Set(shares.map((share) => share.toFixed(2))).size).toBeGreaterThan(20)
  })

  it('counts no choice that will not be made', () => {
    const learned = (options: Record<string, string | number>): number => Math.max(...sharesOf('patch-memory', options, [['pictures', 10]]))
    expect(learned({ scale: 'fine', size: 64, bankSize: 30, components: 8, whitening: 'x', normalisation: 'image' })).toBeGreaterThan(2 * learned({}))
  })

  it('stays where it is while a second part of the same kind is counted', () => {
    const shares = sharesOf('reconstruction', {}, [...trained, ['calibration', 10]])
    expect(shares).toEqual([...shares].sort((a, b) => a - b))
  })
})
