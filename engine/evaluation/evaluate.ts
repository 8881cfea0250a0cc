/** One bundle against the test pictures of one data set. */
import type { BundleMetadata } from '../../schemas/bundle.ts'
import type { EvaluationReport, LimitRates } from '../../schemas/evaluation.ts'
import { createDecision, type Decision } from '../decision/decision.ts'
import { tilesOfPicture } from '../detectors/tiling/options.ts'
import { GoodpartsError } from '../errors.ts'
import { auroc, aurocInterval } from '../auroc.ts'
import { goodImages, testEntries, type Dataset } from './dataset.ts'
import type { DatasetEntry } from './dataset-entry.ts'
import type { PictureScorer } from './picture-scorer.ts'
import { PixelEvaluation } from './pixel-evaluation.ts'
import { averagePrecision, bestF1, rateOf, recallAtFalseRejects } from './ranking.ts'
import { TemplateDifference, type TemplateScores } from './template-difference.ts'
import { pictureBatches } from './test-pictures.ts'
import { measureTrivial, trivialBaseline, type TrivialValues } from './trivial-statistics.ts'

export interface EvaluationContext {
  seed: number
  progress (stage: string, done: number, total: number): void
  signal: AbortSignal
  /** Whether pictures are also compared with templates, which takes a look at every good picture; default true. */
  templates?: boolean
  /** Whether, when aborted, what has been scored until then is evaluated in place of throwing. */
  keepPartial?: boolean
}

/** A test picture and what was measured of it. */
export interface ScoredPicture {
  entry: DatasetEntry
  score: number
  /** Highest value of its map. */
  mapPeak: number
  trivial: TrivialValues
  template: TemplateScores | null
}

export type Findings = Omit<EvaluationReport, 'command' | 'versions' | 'machine' | 'images'>

export interface Evaluation {
  findings: Findings
  pictures: ScoredPicture[]
  decision: Decision
}

/** Pixels that go through the model at once. */
const batchPixels = 8 * 256 * 256

/**
 * Scores every test picture and computes what docs/evaluation.md defines.
 * @throws GOODPARTS_DATASET_INVALID without a test picture; the signal's reason when aborted.
 */
export async function evaluateBundle (dataset: Dataset, metadata: BundleMetadata, scorer: PictureScorer, context: EvaluationContext): Promise<Evaluation> {
  const entries = testEntries(dataset)
  if (entries.length === 0) throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected ${dataset.source} to have test pictures, got none`)
  const decision = createDecision({ calibrationScores: metadata.calibration.scores, productScores: metadata.calibration.products ?? {} })
  const templates = context.templates === false ? null : await learnTemplates(dataset, context)
  const pixels = new PixelEvaluation()
  const pictures: ScoredPicture[] = []
  let scoringMs = 0
  for await (const batch of pictureBatches(entries, batchSize(metadata))) {
    if (context.signal.aborted && context.keepPartial === true && pictures.length > 0) break
    context.signal.throwIfAborted()
    const begun = performance.now()
    const answers = await scorer.score(batch.map(({ image }) => image))
    scoringMs += performance.now() - begun
    for (const [i, picture] of batch.entries()) {
      const answer = answers[i] as typeof answers[number]
      await pixels.add(picture, answer)
      pictures.push({
        entry: picture.entry,
        score: answer.score,
        mapPeak: answer.map.reduce((peak, value) => Math.max(peak, value), -Infinity),
        trivial: measureTrivial(picture.image, picture.fileBytes),
        template: await templates?.score(picture.image) ?? null
      })
    }
    context.progress('scoring', pictures.length, entries.length)
  }
  return {
    decision,
    pictures,
    findings: {
      ...describeBundle(dataset, metadata, context.seed, pictures.map(({ entry }) => entry)),
      ...(pictures.length < entries.length ? { partial: true as const } : {}),
      ...imageFindings(pictures, context.seed),
      ...pixels.results(),
      ...limitFindings(pictures, decision),
      fitSeconds: metadata.training.seconds,
      imagesPerSecond: pictures.length / scoringMs * 1000,
      ...baselineFindings(pictures)
    }
  }
}

/** Test images of each type of defect, types in order of name. */
export function defectTypes (entries: readonly DatasetEntry[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { label, isGood } of entries) if (!isGood) counts.set(label, (counts.get(label) ?? 0) + 1)
  return new Map([...counts].sort(([a], [b]) => a < b ? -1 : 1))
}

async function learnTemplates (dataset: Dataset, context: EvaluationContext): Promise<TemplateDifference | null> {
  const paths = dataset.entries.filter(({ isGood, split }) => isGood && (split === 'train' || split === 'calibration')).map(({ path }) => path)
  if (paths.length === 0) return null
  return TemplateDifference.learn(paths, (done, total) => context.progress('templates', done, total), context.signal)
}

/** The model sees each tile of a picture at its own size. */
function batchSize ({ options }: BundleMetadata): number {
  const { size } = options
  const pictures = typeof size === 'number' ? batchPixels / (size * size) : 4
  return Math.min(8, Math.max(1, Math.floor(pictures / tilesOfPicture(options))))
}

function describeBundle (dataset: Dataset, metadata: BundleMetadata, seed: number, test: readonly DatasetEntry[]): Pick<Findings, 'schema' | 'createdAt' | 'dataset' | 'training' | 'detector' | 'bundle' | 'scale' | 'size' | 'seed' | 'options' | 'trials' | 'augmentation' | 'lossCurve'> {
  const { scale, size } = metadata.options
  const good = dataset.entries.some(({ split }) => split === 'train') ? goodImages(dataset) : []
  return {
    schema: 'goodparts.evaluation/1',
    createdAt: new Date().toISOString(),
    dataset: {
      name: dataset.name,
      train: good.filter(({ calibration }) => !calibration).length,
      calibration: good.filter(({ calibration }) => calibration).length,
      testGood: test.filter(({ isGood }) => isGood).length,
      testDefects: Object.fromEntries(defectTypes(test))
    },
    training: { images: metadata.training.images, calibrationImages: metadata.calibration.scores.length },
    detector: metadata.family,
    bundle: { id: metadata.id, name: metadata.name },
    scale: typeof scale === 'string' ? scale : null,
    size: typeof size === 'number' ? size : null,
    seed,
    options: metadata.options,
    trials: metadata.trials,
    ...(metadata.augmentation === undefined ? {} : { augmentation: metadata.augmentation }),
    ...(metadata.training.lossCurve === undefined ? {} : { lossCurve: metadata.training.lossCurve })
  }
}

function imageFindings (pictures: readonly ScoredPicture[], seed: number): Pick<Findings, 'imageAuroc' | 'imageAurocInterval' | 'imageAurocByType' | 'averagePrecision' | 'bestF1' | 'recallAtFalseRejects'> {
  const good = scoresOf(pictures, ({ isGood }) => isGood)
  const defect = scoresOf(pictures, ({ isGood }) => !isGood)
  const groupsOf = (wanted: boolean): Array<string | null> => pictures.flatMap(({ entry }) => entry.isGood === wanted ? [entry.group] : [])
  const groups = { good: groupsOf(true), defect: groupsOf(false) }
  const types = [...defectTypes(pictures.map(({ entry }) => entry)).keys()]
  return {
    imageAuroc: auroc(good, defect),
    imageAurocInterval: aurocInterval(good, defect, { seed, groups }),
    imageAurocByType: Object.fromEntries(types.map((type) => [type, auroc(good, scoresOf(pictures, ({ label }) => label === type))])),
    averagePrecision: averagePrecision(good, defect),
    bestF1: bestF1(good, defect),
    recallAtFalseRejects: [0.005, 0.01, 0.02].map((share) => ({ share, recall: recallAtFalseRejects(good, defect, share) }))
  }
}

/** Each picture by the limits of its product, where that has its own; `threshold` is the one of all others. */
function limitFindings (pictures: readonly ScoredPicture[], decision: Decision): Pick<Findings, 'threshold' | 'falseRejectRate' | 'escapeRate' | 'atRejectLimit' | 'atReviewLimit' | 'limitsStatement'> {
  const good = pictures.filter(({ entry }) => entry.isGood)
  const defect = pictures.filter(({ entry }) => !entry.isGood)
  const at = (limit: 'review' | 'reject'): LimitRates => {
    const isBeyond = ({ score, entry: { product } }: ScoredPicture): boolean => score > decision.forProduct(product).limits[limit]
    return { threshold: decision.limits[limit], falseReject: rateOf(good, isBeyond), escape: rateOf(defect, (picture) => !isBeyond(picture)) }
  }
  const atRejectLimit = at('reject')
  return {
    threshold: decision.limits.reject,
    falseRejectRate: atRejectLimit.falseReject.rate,
    escapeRate: atRejectLimit.escape.rate,
    atRejectLimit,
    atReviewLimit: at('review'),
    limitsStatement: decision.statement
  }
}

function baselineFindings (pictures: readonly ScoredPicture[]): Pick<Findings, 'baselineAuroc' | 'baseline' | 'templateDifferenceAuroc' | 'templateDifference'> {
  const good = pictures.filter(({ entry }) => entry.isGood)
  const defect = pictures.filter(({ entry }) => !entry.isGood)
  const trivial = trivialBaseline(good.map((picture) => picture.trivial), defect.map((picture) => picture.trivial))
  const template = (kind: keyof TemplateScores): number | null => {
    const [fine, bad] = [good, defect].map((side) => side.flatMap((picture) => picture.template?.[kind] ?? []))
    return auroc(fine ?? [], bad ?? [])
  }
  const [median, nearest] = [template('median'), template('nearest')]
  return {
    baselineAuroc: trivial?.best ?? null,
    baseline: trivial === null ? null : { statistic: trivial.statistic, auroc: trivial.auroc },
    templateDifferenceAuroc: median === null || nearest === null ? null : Math.max(median, nearest),
    templateDifference: median === null || nearest === null ? null : { median, nearest }
  }
}

function scoresOf (pictures: readonly ScoredPicture[], belongs: (entry: DatasetEntry) => boolean): number[] {
  return pictures.filter(({ entry }) => belongs(entry)).map(({ score }) => score)
}
