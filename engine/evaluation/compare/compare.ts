/** Several families of detectors, each fitted with several seeds to the same pictures of one data set, and measured on its test pictures. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonValue } from '../../../schemas/bundle.ts'
import type { ComparedFit } from '../../../schemas/comparison.ts'
import type { LearningCurvePoint } from '../../../schemas/evaluation.ts'
import { readBundle } from '../../bundle/bundle.ts'
import type { FitContext } from '../../detectors/detector.ts'
import type { FillName } from '../../detectors/defect-fills.ts'
import { drawnPictures } from '../../detectors/drawn-pictures.ts'
import type { DrawnPicture } from '../../detectors/drawn-pictures.ts'
import { fitInProcess } from '../../detectors/fit-process.ts'
import { FitWork } from '../../detectors/fit-work.ts'
import { calibrationSplit } from '../../detectors/hold-out.ts'
import type { HoldOut } from '../../detectors/hold-out.ts'
import { judgeModel, spread } from '../../detectors/proxy-choice.ts'
import { detectorByFamily } from '../../detectors/registry.ts'
import { asGoodpartsError, type GoodpartsError } from '../../errors.ts'
import type { DeviceRequest } from '../../runtime/loaded-model.ts'
import { seededRandom } from '../../random.ts'
import { defectImages, goodImages, type Dataset } from '../dataset.ts'
import { evaluateBundle, type Evaluation } from '../evaluate.ts'
import { learningCurve } from '../learning-curve.ts'
import { openScorer, type PictureScorer } from '../picture-scorer.ts'
import { judgingOperators } from './judging-operators.ts'

export interface CompareRequest {
  families: readonly string[]
  seeds: readonly number[]
  /** Options of each family. */
  options: (family: string) => { [option: string]: JsonValue }
  /** Intra-op threads of fits and of scoring. */
  threads: number
  /** Of train steps. */
  device: DeviceRequest
  /** Whether each family is also fitted to some of the pictures, with the first seed. */
  learningCurve: boolean
}

export interface CompareContext {
  /** @param loss Of train steps, where there are any. */
  progress (stage: string, done: number, total: number, loss?: number): void
  signal: AbortSignal
  /** Called with each result as it comes, while its scorer is open. */
  onResult (compared: Compared, scorer: PictureScorer): Promise<void>
  onFailure (failure: FailedFit): void
  /** After the result of the first seed, where curves were asked for. */
  onCurve (detector: string, curve: LearningCurvePoint[]): void
  /** Its result counts all the same. */
  onCurveFailure (failure: FailedFit): void
}

/** One fit with everything that was measured of it. */
export interface Compared {
  result: ComparedFit
  /** AUROC of drawn-on against untouched held-out good parts: what the recommendation goes by. */
  proxy: number
  /** What the drawn defects were filled with, for every family. */
  judgingOperators: readonly FillName[]
  /** Fills that the family's own training draws. */
  trainedOperators: readonly FillName[]
  /** For a person: layers, size. */
  bundleName: string
  evaluation: Evaluation
}

export interface FailedFit {
  detector: string
  seed: number
  error: GoodpartsError
}

/** Held-out good parts that are drawn on. */
const mostToJudge = 60

/**
 * The good pictures are split once into those to learn from and those held out, for all families and seeds. A family that fails is reported
 * and the others go on.
 * @throws GOODPARTS_DATASET_INVALID, GOODPARTS_TOO_FEW_IMAGES, GOODPARTS_ARGUMENT for options that a family cannot have; the signal's reason when aborted.
 */
export async function compareFamilies (dataset: Dataset, request: CompareRequest, context: CompareContext): Promise<void> {
  const { families, seeds } = request
  const [firstSeed = 0] = seeds
  const split = calibrationSplit(goodImages(dataset), seededRandom(firstSeed))
  const trained = new Map(families.map((family) => [family, detectorByFamily(family).trainedOperators?.(request.options(family)) ?? []]))
  const judging = judgingOperators([...trained.values()])
  const drawn = drawnPictures(spread(split.heldOut, mostToJudge), seededRandom(firstSeed + 1), judging)
  const folder = await mkdtemp(join(tmpdir(), 'goodparts-compare-'))
  const total = families.length * seeds.length
  let number = 0
  try {
    for (const seed of seeds) {
      for (const detector of families) {
        context.signal.throwIfAborted()
        const part = `${detector}, seed ${seed} (${++number} of ${total})`
        const progress: CompareContext['progress'] = (stage, done, count, loss) => { context.progress(`${part}: ${stage}`, done, count, loss) }
        try {
          await compareOne(dataset, { detector, seed, split, drawn, operators: { judgingOperators: judging, trainedOperators: trained.get(detector) ?? [] }, output: join(folder, `${number}.onnx`) }, request, { ...context, progress })
        } catch (error) {
          context.signal.throwIfAborted()
          context.onFailure({ detector, seed, error: asGoodpartsError(error, 'GOODPARTS_FIT_FAILED') })
        }
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface OneFit {
  detector: string
  seed: number
  split: HoldOut
  drawn: readonly DrawnPicture[]
  operators: Pick<Compared, 'judgingOperators' | 'trainedOperators'>
  output: string
}

async function compareOne (dataset: Dataset, { detector, seed, split, drawn, operators, output }: OneFit, request: CompareRequest, context: CompareContext): Promise<void> {
  const held = new Set(split.heldOut)
  const images = [...split.kept, ...split.heldOut].map((image) => ({ path: image.name, group: image.group, calibration: held.has(image) }))
  // What learns from good parts is compared by good parts: labelled defects would give the one that may use them an advantage that the others do not have.
  const labelled = detectorByFamily(detector).learnsDefects === 'required' ? defectImages(dataset) : []
  const defects = labelled.map(({ name, group, className }) => ({ path: name, group, className }))
  await fitInProcess({ family: detector, images, defects, options: request.options(detector), seed, output, threads: request.threads, device: request.device }, {
    signal: context.signal,
    onProgress: ({ stage, done, total, loss }) => { context.progress(stage, done, total, loss) }
  })
  const { bytes, metadata } = await readBundle(output)
  await rm(output)
  const work: FitContext = { seed, threads: request.threads, signal: context.signal, progress: ({ stage, done, total }) => { context.progress(stage, done, total) } }
  const { proxy } = await judgeModel(bytes, drawn, new FitWork(work).under('drawn defects'))
  const scorer = await openScorer(bytes, request.threads)
  let whole: LearningCurvePoint
  try {
    const evaluation = await evaluateBundle(dataset, metadata, scorer, { seed, progress: (...report) => { context.progress(...report) }, signal: context.signal, templates: false })
    const { imageAuroc, pixelAuroc, aupro30, fitSeconds, imagesPerSecond } = evaluation.findings
    const result = { detector, seed, imageAuroc, pixelAuroc, aupro30, fitSeconds, imagesPerSecond, bundleBytes: bytes.byteLength }
    await context.onResult({ result, proxy, ...operators, bundleName: metadata.name, evaluation }, scorer)
    whole = { images: metadata.training.images, imageAuroc, aupro30 }
  } finally {
    await scorer.close()
  }
  if (!request.learningCurve || seed !== request.seeds[0]) return
  // What was measured is kept whatever becomes of the refits.
  try {
    context.onCurve(detector, await learningCurve(dataset, { family: metadata.family, options: metadata.options, seed, threads: request.threads, device: request.device, defects: labelled, split }, whole, { ...context, seed }))
  } catch (error) {
    context.signal.throwIfAborted()
    context.onCurveFailure({ detector, seed, error: asGoodpartsError(error, 'GOODPARTS_FIT_FAILED') })
  }
}
