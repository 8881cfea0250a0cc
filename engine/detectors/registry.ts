/** Detector families by name. A new one is a folder here, a line below and a row in the docs. */
import { GoodpartsError } from '../errors.ts'
import { automatic } from './auto/auto.ts'
import { classifier } from './classifier/classifier.ts'
import { contrastive } from './contrastive/contrastive.ts'
import { density } from './density/density.ts'
import type { Detector } from './detector.ts'
import { discriminative } from './discriminative/discriminative.ts'
import { distillation } from './distillation/distillation.ts'
import { patchMemory } from './patch-memory/patch-memory.ts'
import { reconstruction } from './reconstruction/reconstruction.ts'
import { templateDifference } from './template-difference/template-difference.ts'
import { tiled } from './tiling/tiled.ts'

const families: readonly Detector[] = [
  patchMemory,
  density,
  templateDifference,
  classifier,
  discriminative,
  reconstruction,
  distillation,
  contrastive
]

/** Each takes tiles and regions of interest too. */
export const detectors: readonly Detector[] = families.map(tiled)

/** Every name that a fit can be asked for: the families, and `auto`, which chooses one. */
export const fittable: readonly Detector[] = [...detectors, tiled(automatic(families))]

/** @throws GOODPARTS_ARGUMENT for a family that does not exist. */
export function detectorByFamily (family: string): Detector {
  const found = fittable.find((detector) => detector.family === family)
  if (found === undefined) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the detector to be one of ${fittable.map((detector) => detector.family).join(', ')}, got ${family}`)
  }
  return found
}
