/** The family itself is chosen, then its layers and size, by defects drawn on held-out good parts; the bundle is one of the family chosen. */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { writeBundle } from '../../bundle/bundle.ts'
import { GoodpartsError } from '../../errors.ts'
import type { Detector, FitContext, FittedBundle, GoodImage } from '../detector.ts'
import { FitWork } from '../fit-work.ts'
import { calibrationSplit } from '../hold-out.ts'
import { chooseFamily, optionsFor } from './choose-family.ts'
import { autoDefaults, readAutoOptions } from './options.ts'
import type { AutoOptions } from './options.ts'

/** @param detectors Those that there are. */
export function automatic (detectors: readonly Detector[]): Detector {
  return {
    family: 'auto',
    description: 'The family that sees defects drawn on held-out good parts best',
    defaults: { ...autoDefaults },
    check: (given) => { check(detectors, given) },
    trainedOperators: (given) => {
      const options = readAutoOptions(given)
      return familiesOf(detectors, options).flatMap((family) => family.trainedOperators?.(optionsFor(family, options)) ?? [])
    },
    fit: (images, given, context) => fit(detectors, images, given, context)
  }
}

/** One family that can be fitted is enough: the others are left out when their turn comes. */
function check (detectors: readonly Detector[], given: Readonly<Record<string, JsonValue>>): void {
  const options = readAutoOptions(given)
  const wrong = familiesOf(detectors, options).flatMap((family) => {
    try {
      family.check(optionsFor(family, options))
      return []
    } catch (error) {
      return [error]
    }
  })
  if (wrong.length === options.families.length) throw wrong[0]
}

async function fit (detectors: readonly Detector[], images: readonly GoodImage[], given: Readonly<Record<string, JsonValue>>, context: FitContext): Promise<FittedBundle> {
  const begun = performance.now()
  const options = readAutoOptions(given)
  const families = familiesOf(detectors, options)
  const split = calibrationSplit(images, new FitWork(context).random('calibration'))
  const choice = await new FitWork(context).remember('family', () => chooseFamily(families, options, split.kept, context))
  const chosen = families.find(({ family }) => family === choice.family) ?? unknownFamily(choice.family, detectors)
  const held = new Set(split.heldOut)
  const marked = images.map((image) => ({ ...image, calibration: held.has(image) }))
  const { bytes, metadata } = await chosen.fit(marked, choice.options, context)
  const asked = Object.hasOwn(metadata.options, 'targetImagesPerSecond') ? { targetImagesPerSecond: options.targetImagesPerSecond } : {}
  return writeBundle(bytes, {
    ...metadata,
    options: { ...metadata.options, ...asked },
    trials: [...choice.trials, ...metadata.trials],
    training: { ...metadata.training, seconds: (performance.now() - begun) / 1000 }
  })
}

function familiesOf (detectors: readonly Detector[], { families }: AutoOptions): Detector[] {
  return families.map((name) => detectors.find(({ family, learnsDefects }) => family === name && learnsDefects !== 'required') ?? unknownFamily(name, detectors))
}

function unknownFamily (name: string, detectors: readonly Detector[]): never {
  const known = detectors.filter(({ learnsDefects }) => learnsDefects !== 'required').map(({ family }) => family)
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected families to be some of ${known.join(', ')}, got ${name}`)
}
