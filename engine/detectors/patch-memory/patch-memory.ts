/**
 * Patch memory (PatchCore, Roth et al. 2022): the most different patches of good parts, as a frozen backbone's middle layers see them; a
 * part is as bad as its patch farthest from the memory.
 */
import type { BundleMetadata, JsonValue } from '../../../schemas/bundle.ts'
import { goldenTolerance, makeGoldenVectors } from '../../bundle/golden.ts'
import { writeBundle } from '../../bundle/bundle.ts'
import { describeRuntime } from '../../runtime/onnx-runtime.ts'
import type { Detector, FitContext, FittedBundle, GoodImage } from '../detector.ts'
import { FitWork } from '../fit-work.ts'
import { calibrationSplit, groupCount } from '../hold-out.ts'
import type { HoldOut } from '../hold-out.ts'
import { packageVersion } from '../../package-version.ts'
import { survey } from '../picture-survey.ts'
import type { PictureSurvey } from '../picture-survey.ts'
import { chosenBackbone } from './chosen-backbone.ts'
import { learnMemory } from './memory.ts'
import type { Memory } from './memory.ts'
import { patchMemoryDefaults, readPatchMemoryOptions } from './options.ts'
import type { PatchMemoryOptions } from './options.ts'
import { chooseScale } from './scale-choice.ts'
import { Scorer, scoringModel } from './scorer.ts'

export const patchMemory: Detector = {
  family: 'patch-memory',
  description: 'Nearest neighbours among the most different patches of good parts (PatchCore)',
  defaults: { ...patchMemoryDefaults },
  fit
}

async function fit (images: readonly GoodImage[], given: Readonly<Record<string, JsonValue>>, context: FitContext): Promise<FittedBundle> {
  const begun = performance.now()
  const options = readPatchMemoryOptions(given)
  const work = new FitWork(context)
  const split = calibrationSplit(images, work.random('calibration'))
  const backbone = await chosenBackbone(options)
  const pictures = await survey(images, work)
  const details = { ...options, backbone }

  const { settings, trials } = await chooseScale(options, backbone, pictures.edge, split.kept, work)
  const memory = await learnMemory(backbone, settings, split.kept, work.under('learning'))
  const model = scoringModel(memory, memory.bank.length / memory.width, details)
  const scorer = await Scorer.open(model, context.threads)
  try {
    const scores: number[] = []
    for (const [index, image] of split.heldOut.entries()) {
      await work.step('calibration', index, split.heldOut.length)
      scores.push(await scorer.score(await work.pool.read(image)))
    }
    const golden = { vectors: await makeGoldenVectors((image) => scorer.run(image), pictures.input), relativeTolerance: goldenTolerance }
    const { height, width } = await scorer.run(await work.pool.read(split.kept[0] as GoodImage))
    await work.step('done', 1, 1)
    return writeBundle(model, {
      ...described({ images, split, options, memory, pictures }),
      map: { height, width },
      calibration: { scores: scores.sort((a, b) => a - b), heldOutBy: split.by },
      training: { images: split.kept.length, groups: groupCount(split.kept), imageHashes: pictures.hashesOf(split.kept), seed: context.seed, seconds: (performance.now() - begun) / 1000 },
      golden,
      trials,
      versions: { goodparts: packageVersion(), node: process.versions.node, onnxruntime: (await describeRuntime()).version, backbone: backbone.name }
    })
  } finally {
    await scorer.close()
  }
}

interface Fitted {
  images: readonly GoodImage[]
  split: HoldOut
  options: PatchMemoryOptions
  memory: Memory
  pictures: PictureSurvey
}

type Described = Pick<BundleMetadata, 'name' | 'family' | 'createdAt' | 'options' | 'input' | 'classNames' | 'parent'>

function described ({ options, memory: { settings, bank, width }, pictures: { input } }: Fitted): Described {
  const { layers, size, normalisation, whitening } = settings
  return {
    name: `patch-memory ${layers} ${size}`,
    family: 'patch-memory',
    createdAt: new Date().toISOString(),
    options: { ...options, scale: layers, size, normalisation, whitening, bankSize: bank.length / width, components: width },
    input,
    classNames: ['good'],
    parent: null
  }
}
