import { describe, expect, it } from 'vitest'
import { checkNuisances, checkShifts } from '../../../engine/detectors/augmentation-selection/checks.ts'
import type { CheckedPicture } from '../../../engine/detectors/augmentation-selection/checks.ts'
import { FitWork } from '../../../engine/detectors/fit-work.ts'
import type { FloatImage } from '../../../engine/training/augment/float-image.ts'
import { nuisanceNames } from '../../../engine/training/augment/nuisances.ts'
import { grains, ribs } from './product-pictures.ts'

const work = new FitWork({ seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal })

function pictures (product: (seed: number) => FloatImage): CheckedPicture[] {
  return Array.from({ length: 40 }, (_, index) => ({ image: product(index + 1), fold: index % 2 === 0 ? 0 : 1 }))
}

describe('the checks of augmentations', { timeout: 180_000 }, () => {
  it('take turns for the same on a texture without a direction, and drop them as a shift', async () => {
    const texture = pictures(grains)
    const checks = Object.fromEntries((await checkNuisances(['turn', 'mirror', 'flip', 'blur', 'noise'], texture, work)).map((check) => [check.name, check]))
    expect(checks).toMatchObject({ turn: { accepted: true }, mirror: { accepted: true }, flip: { accepted: true }, blur: { accepted: false }, noise: { accepted: false } })
    expect(await checkShifts(['turns'], texture, work)).toMatchObject([{ name: 'turns', accepted: false }])
  })

  it('take turns for something else on a part that always lies the same way', async () => {
    const part = pictures(ribs)
    const checks = Object.fromEntries((await checkNuisances(nuisanceNames, part, work)).map((check) => [check.name, check]))
    expect(checks).toMatchObject({ turn: { accepted: false }, mirror: { accepted: false }, flip: { accepted: false }, brightness: { accepted: true } })
    expect(checks['turn']?.auroc).toBeGreaterThan(0.95)
    expect(await checkShifts(['turns'], part, work)).toMatchObject([{ name: 'turns', accepted: true }])
  })
})
