/** How many good parts are enough: the same detector, with the layers and size that it has, learned from some of the parts. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonValue } from '../../schemas/bundle.ts'
import type { LearningCurvePoint } from '../../schemas/evaluation.ts'
import { readBundle } from '../bundle/bundle.ts'
import type { DefectImage, GoodImage } from '../detectors/detector.ts'
import { fitInProcess } from '../detectors/fit-process.ts'
import { fewestToLearn, holdOut } from '../detectors/hold-out.ts'
import type { HoldOut } from '../detectors/hold-out.ts'
import { atAnySpeed } from '../detectors/speed.ts'
import type { DeviceRequest } from '../runtime/loaded-model.ts'
import { seededRandom } from '../random.ts'
import type { Dataset } from './dataset.ts'
import { evaluateBundle, type EvaluationContext } from './evaluate.ts'
import { shares } from './learned-from.ts'
import { openScorer } from './picture-scorer.ts'

export interface CurveRequest {
  family: string
  /** As the fit to all pictures resolved them: what is left open would be chosen anew at every point. */
  options: { [option: string]: JsonValue }
  seed: number
  threads: number
  /** Labelled defects, those that the fit to all pictures had. */
  defects: readonly DefectImage[]
  /** Of train steps. */
  device: DeviceRequest
  /** Limits come from the same held-out pictures at every point. */
  split: HoldOut
}

/**
 * Refits to a quarter, a half and three quarters of the pictures, whole parts each, the smaller within the larger; the last point, all of them,
 * is that of `whole`. Shares that leave too few pictures are left out.
 */
export async function learningCurve (dataset: Dataset, request: CurveRequest, whole: LearningCurvePoint, context: EvaluationContext): Promise<LearningCurvePoint[]> {
  const folder = await mkdtemp(join(tmpdir(), 'goodparts-curve-'))
  const points: LearningCurvePoint[] = []
  try {
    for (const images of subsets(request.split.kept, request.seed)) {
      const part = `learning curve, ${images.length} pictures`
      const progress: EvaluationContext['progress'] = (stage, done, total) => { context.progress(`${part}: ${stage}`, done, total) }
      points.push(await pointOf(dataset, request, images, join(folder, `${images.length}.onnx`), { ...context, progress, templates: false }))
    }
    return [...points, whole]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Nested: what is held out of one is held out of the smaller ones. */
function subsets (images: readonly GoodImage[], seed: number): GoodImage[][] {
  const found: GoodImage[][] = []
  let some = [...images]
  for (const share of shares.toReversed()) {
    some = holdOut(some, { share: 1 - share * images.length / some.length, atLeast: 1 }, seededRandom(seed)).kept
    if (some.length >= fewestToLearn) found.unshift(some)
  }
  return found
}

async function pointOf (dataset: Dataset, { family, options, seed, threads, device, defects, split }: CurveRequest, images: readonly GoodImage[], output: string, context: EvaluationContext): Promise<LearningCurvePoint> {
  const request = (image: GoodImage, calibration: boolean): { path: string, group: string | null, calibration: boolean } => ({ path: image.name, group: image.group, calibration })
  await fitInProcess({
    family,
    images: [...images.map((image) => request(image, false)), ...split.heldOut.map((image) => request(image, true))],
    defects: defects.map(({ name, group, className }) => ({ path: name, group, className })),
    options: atAnySpeed(options),
    seed,
    output,
    threads,
    device
  }, { signal: context.signal, onProgress: ({ stage, done, total }) => { context.progress(stage, done, total) } })
  const { bytes, metadata } = await readBundle(output)
  const scorer = await openScorer(bytes, threads)
  try {
    const { findings: { imageAuroc, aupro30 } } = await evaluateBundle(dataset, metadata, scorer, context)
    return { images: metadata.training.images, imageAuroc, aupro30 }
  } finally {
    await scorer.close()
  }
}
