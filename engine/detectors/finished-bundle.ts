/** The end of every fit: the graph is asked about the calibration and golden pictures and sealed with what it is. */
import type { AugmentationChoice, BundleMetadata, JsonValue, LossPoint, ScaleTrial } from '../../schemas/bundle.ts'
import { writeBundle } from '../bundle/bundle.ts'
import { goldenTolerance, makeGoldenVectors } from '../bundle/golden.ts'
import { lossCurve } from '../training/loss-curve.ts'
import { packageVersion } from '../package-version.ts'
import { describeRuntime } from '../runtime/onnx-runtime.ts'
import type { FittedBundle, GoodImage } from './detector.ts'
import type { FitWork } from './fit-work.ts'
import { groupCount } from './hold-out.ts'
import type { HoldOut } from './hold-out.ts'
import type { PictureSurvey } from './picture-survey.ts'
import { Scorer } from './scorer.ts'

export interface FinishedFit {
  family: string
  name: string
  /** The serialised graph. */
  model: Uint8Array
  /** As resolved. */
  options: { [option: string]: JsonValue }
  split: HoldOut
  pictures: PictureSurvey
  trials: readonly ScaleTrial[]
  /** `performance.now()` when the fit began. */
  begun: number
  /** Where augmentations were chosen. */
  augmentation?: AugmentationChoice | undefined
  /** Default that of the work's last training. */
  lossCurve?: LossPoint[] | undefined
  /** Default `['good']`. */
  classNames?: string[]
  /** Defects that it learned from. */
  defects?: NonNullable<BundleMetadata['training']['defects']>
  /** Beside those of the package, of Node and of ONNX Runtime. */
  versions?: { [name: string]: string }
}

/** @throws GOODPARTS_FIT_CANCELLED, GOODPARTS_GRAPH_INVALID. */
export async function finishBundle (fit: FinishedFit, work: FitWork): Promise<FittedBundle> {
  const { family, name, model, options, split, pictures, trials } = fit
  const scorer = await Scorer.open(model, work.threads)
  try {
    const scores = await calibrationScores(scorer, split.heldOut, work)
    const golden = { vectors: await makeGoldenVectors((image) => scorer.run(image), pictures.input), relativeTolerance: goldenTolerance }
    const { height, width } = await scorer.run(await work.pool.read(split.kept[0] as GoodImage))
    await work.step('done', 1, 1)
    const curve = fit.lossCurve ?? lossCurve(work.losses)
    const training: BundleMetadata['training'] = {
      images: split.kept.length,
      groups: groupCount(split.kept),
      imageHashes: pictures.hashesOf(split.kept),
      seed: work.seed,
      seconds: (performance.now() - fit.begun) / 1000,
      ...(curve.length === 0 ? {} : { lossCurve: curve, ...(work.device === 'cpu' ? {} : { device: work.device }) }),
      ...(fit.defects === undefined ? {} : { defects: fit.defects })
    }
    return writeBundle(model, {
      name,
      family,
      createdAt: new Date().toISOString(),
      options,
      input: pictures.input,
      map: { height, width },
      calibration: { scores, heldOutBy: split.by },
      classNames: fit.classNames ?? ['good'],
      training,
      parent: null,
      golden,
      trials: [...trials],
      ...(fit.augmentation === undefined ? {} : { augmentation: fit.augmentation }),
      versions: { goodparts: packageVersion(), node: process.versions.node, onnxruntime: (await describeRuntime()).version, ...fit.versions }
    })
  } finally {
    await scorer.close()
  }
}

/** Ascending. */
async function calibrationScores (scorer: Scorer, images: readonly GoodImage[], work: FitWork): Promise<number[]> {
  const scores: number[] = []
  for (const [index, image] of images.entries()) {
    await work.step('calibration', index, images.length)
    scores.push(await scorer.score(await work.pool.read(image)))
  }
  return scores.sort((a, b) => a - b)
}
