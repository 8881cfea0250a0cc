/** `goodparts explain`: one picture, every method, side by side. */
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { metadataKey, readBundle } from '../../engine/bundle/bundle.ts'
import { exemplarsOf } from '../../engine/bundle/kept-exemplars.ts'
import { createDecision } from '../../engine/decision/decision.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import { openScorer } from '../../engine/evaluation/picture-scorer.ts'
import { explainAll, type Attempt } from '../../engine/explain/explain-all.ts'
import type { Baseline, Explainer, ExplanationTarget, ScoreCamVariant } from '../../engine/explain/explainer.ts'
import { hasSomethingToExplain } from '../../engine/explain/metrics/faithfulness.ts'
import { withoutMapText } from '../../engine/explain/masked-passes.ts'
import { ExplainedModel, type ExplainedModelOptions } from '../../engine/explain/model/explained-model.ts'
import { workingPicture } from '../../engine/explain/model/working-picture.ts'
import { explainers } from '../../engine/explain/registry.ts'
import { decodeImage, type RawImage } from '../../engine/frame/image-codec.ts'
import { readMetadata } from '../../engine/graph/metadata.ts'
import type { BundleMetadata } from '../../schemas/bundle.ts'
import { interruptible } from '../interruptible.ts'
import { measuredOn, measuredOnText } from '../measured-on.ts'
import { positiveNumber, wholeNumber } from '../option-values.ts'
import { alsoNotWritten, failureOf, printReport } from '../print-report.ts'
import { Progress } from '../progress.ts'
import { textTable } from '../text-table.ts'
import { readMethods } from './evaluate/explanations.ts'
import { explanationPage, judgementText, type PictureJudgement } from './explain/page.ts'

export interface Options {
  methods?: Explainer[]
  target?: string
  output?: string
  product?: string
  hidden: string
  scoreCam: ScoreCamVariant
  budget?: number
  seed: number
  mean?: number[]
  deviation?: number[]
  report?: string
  json?: string
}

export function register (program: Command): void {
  program.command('explain')
    .description('show where in a picture a model sees what it answers, by every method')
    .argument('<model>', 'a bundle, or any ONNX model that takes one picture: bytes (N, H, W, C) or floats (N, C, H, W)')
    .argument('<image>', 'a picture')
    .option('--methods <names>', `those methods only, divided by commas: ${explainers.map(({ method }) => method).join(', ')}`, readMethods)
    .option('--target <target>', 'score, or the number or name of a class; default: the score, as on the line; the likeliest class of somebody else\'s classifier')
    .option('--output <name>', 'the output that answers, of somebody else\'s model: a score (N) or (N, 1), or classes (N, K); default: found by its name and shape')
    .option('--product <name>', 'the picture\'s product, where the bundle has limits of its own for it')
    .option('--hidden <what>', 'what stands where masks hide the picture: mean, blur, black, the file of a good part\'s picture, or auto: the nearest good picture in the bundle\'s file, the mean colour without one and for the class good', 'auto')
    .addOption(new Option('--score-cam <variant>', 'what weighs a channel in score-cam: what the confidence behind its mask is above that of the hidden picture, the confidence itself, or its softmax over the channels').choices(['increase', 'confidence', 'softmax']).default('increase'))
    .option('--budget <milliseconds>', 'end each method after so long, with its best map until then', positiveNumber)
    .option('--seed <number>', 'of the methods that draw at random', wholeNumber(0), 0)
    .option('--mean <numbers>', 'what a float input expects to be taken from levels in [0, 1], for each channel; default: that of ImageNet', numbers)
    .option('--deviation <numbers>', '… and what to divide them by', numbers)
    .option('--report <file>', 'write a page with all maps side by side')
    .option('--json <file>', 'write the figures there; - for standard output, without the table')
    .action((model: string, image: string, options: Options) => interruptible((signal) => explain(model, image, options, signal)))
}

/** Methods that are done when `signal` aborts are still told. */
export async function explain (modelFile: string, imageFile: string, options: Options, signal: AbortSignal): Promise<void> {
  const progress = new Progress()
  const image = await readPicture(imageFile, 'IMAGE to be a picture')
  const named = options.hidden === 'auto' ? null : await baselineOf(options.hidden)
  const { bytes, model } = await openModel(modelFile, { ...preprocessing(options), ...(options.output === undefined ? {} : { output: options.output }) })
  try {
    const evidence = await (await exemplarsOf(bytes)).nearest(image)
    const target = await targetOf(model, image, options.target)
    // Where good parts stand for what is hidden, all of them speak for the class good.
    const nearest = target.kind === 'class' && model.metadata?.classNames[target.index] === 'good' ? null : evidence
    const baseline = named ?? nearest?.image ?? 'mean'
    const hidden = named !== null ? options.hidden : nearest === null ? 'mean' : `the good part ${nearest.name}`
    // Before the methods, so that a class that is not there is said at once.
    const [confidence = 0] = await model.confidences(await workingPicture(image, model.input, baseline), [null], target)
    const judgement = model.metadata === null ? null : await judge(bytes, model.metadata, image, options.product ?? null)
    const methods = options.methods ?? explainers
    const attempts: Attempt[] = []
    const subject = { model: basename(modelFile), image: basename(imageFile), target: targetText(model, target), confidence, hidden, seed: options.seed, budget: options.budget ?? null, judgement, note: nothingText(model, target, confidence) }
    const where = await measuredOn()
    const report = async (isPartial: boolean): Promise<void> => printReport({ explanation: subject, methods: attempts.map(figuresOf), ...where, ...(isPartial ? { partial: true } : {}) }, options, {
      isPartial,
      asText: () => `${isPartial ? `${missingText(methods, attempts)}\n\n` : ''}${subject.note === null ? '' : `${subject.note}\n\n`}${subject.image}: ${subject.target} by ${subject.model}, ${confidence.toPrecision(4)}; hidden pixels: ${hidden}, seed ${options.seed}\n${judgement === null ? '' : `${judgementText(judgement)}\n`}\n${table(attempts)}\n\n${measuredOnText(where)}`,
      asPage: async () => explanationPage(image, evidence, { ...subject, note: isPartial ? [missingText(methods, attempts), subject.note].filter((text) => text !== null).join(' ') : subject.note }, attempts, measuredOnText(where))
    })
    progress.update('explaining', 0, methods.length)
    try {
      await explainAll(model, image, methods, { target, baseline, scoreCam: options.scoreCam, seed: options.seed, signal, ...(options.budget === undefined ? {} : { budget: options.budget }) }, (attempt) => {
        attempts.push(attempt)
        progress.update('explaining', attempts.length, methods.length, attempt.method)
      })
    } catch (error) {
      progress.clear()
      throw attempts.length === 0 ? error : alsoNotWritten(error, await failureOf(report(true)))
    }
    progress.clear()
    // A method that failed, or none that can explain this model.
    if (attempts.some(({ code }) => code !== null) || attempts.every(({ saliency }) => saliency === null)) process.exitCode = 1
    await report(false)
  } finally {
    progress.clear()
    await model.close()
  }
}

/** A bundle is checked before it runs, as everywhere. @throws what is wrong with the model, by its file's name */
async function openModel (file: string, options: ExplainedModelOptions): Promise<{ bytes: Uint8Array, model: ExplainedModel }> {
  const read = await readModel(file)
  try {
    const bytes = readMetadata(read)[metadataKey] === undefined ? read : (await readBundle(file)).bytes
    return { bytes, model: ExplainedModel.open(bytes, options) }
  } catch (cause) {
    if (!(cause instanceof GoodpartsError) || cause.code === 'GOODPARTS_BUNDLE_INVALID') throw cause
    throw new GoodpartsError(cause.code, `${file}: ${cause.message}`, { cause, fix: cause.fix ?? 'Give a bundle that goodparts fit has written, or an ONNX model as one file with its weights inside.' })
  }
}

/** @throws GOODPARTS_ARGUMENT for what is no file, GOODPARTS_IMAGE_DECODE for a file that is no picture */
async function readPicture (file: string, what: string): Promise<RawImage> {
  const found = await stat(file).catch(() => null)
  if (found?.isFile() === true) return decodeImage(file)
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${what}, got ${found === null ? 'nothing' : found.isDirectory() ? 'a folder' : 'no regular file'} at ${file}`, { fix: 'Give the path of one picture: JPEG, PNG, WebP or TIFF.' })
}

async function readModel (file: string): Promise<Uint8Array> {
  try {
    const found = await stat(file)
    // A pipe or a device may never end, and no signal ends a read of it; under /proc these call themselves regular files of no size.
    if (!found.isFile() || found.size === 0) throw new Error(found.isFile() ? 'an empty file' : 'no regular file')
    return await readFile(file)
  } catch (cause) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected a model at ${file}, got: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

function preprocessing ({ mean, deviation }: Options): { preprocessing?: { mean: number[], deviation: number[] } } {
  if (mean === undefined && deviation === undefined) return {}
  if (mean?.length !== deviation?.length || mean === undefined || deviation === undefined) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected --mean and --deviation together, with as many numbers each')
  }
  return { preprocessing: { mean, deviation } }
}

async function baselineOf (hidden: string): Promise<Baseline> {
  return hidden === 'mean' || hidden === 'blur' || hidden === 'black' ? hidden : readPicture(hidden, '--hidden to be auto, mean, blur, black or the file of a good part\'s picture')
}

async function targetOf (model: ExplainedModel, image: RawImage, wanted: string | undefined): Promise<ExplanationTarget> {
  if (wanted === 'score' || (wanted === undefined && (model.metadata !== null || !model.hasClasses || model.isScoreAlone))) return { kind: 'score' }
  if (wanted === undefined) return { kind: 'class', index: await model.likeliestClass(await workingPicture(image, model.input, 'mean')) }
  const named = model.metadata?.classNames.indexOf(wanted) ?? -1
  const index = named >= 0 ? named : /^\d+$/.test(wanted) ? Number(wanted) : -1
  if (index >= 0 && model.hasClasses) return { kind: 'class', index }
  const classNames = model.metadata?.classNames ?? []
  const targets = model.hasClasses ? `${model.hasScore ? 'score, ' : ''}a class number${classNames.length === 0 ? '' : ` or one of ${classNames.join(', ')}`}` : 'score, as the model has no classes'
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the target to be ${targets}, got ${wanted === '' ? 'nothing' : wanted}`)
}

/** As a line judges the picture, at its own size, by the limits of a bundle at the rates that a score node has until others are chosen. A product without limits of its own is judged by those of all. */
async function judge (bytes: Uint8Array, { calibration }: BundleMetadata, image: RawImage, product: string | null): Promise<PictureJudgement> {
  const decision = createDecision({ calibrationScores: calibration.scores, productScores: calibration.products ?? {} })
  const own = product !== null && decision.products.has(product) ? product : null
  const scorer = await openScorer(bytes, 1)
  try {
    const [answer] = await scorer.score([image])
    if (answer === undefined) throw new TypeError('Expected an answer to one picture, got none')
    return { score: answer.score, product: own, ...decision.forProduct(own).judge(answer.score) }
  } catch (error) {
    // A picture that a bundle of one size and depth does not take.
    if (!(error instanceof GoodpartsError) || error.code !== 'GOODPARTS_INFERENCE_FAILED') throw error
    return { score: null, product: own, verdict: 'not-inspected', pValue: null, reason: { code: 'scoring-failed', text: error.message } }
  } finally {
    await scorer.close()
  }
}

function targetText (model: ExplainedModel, target: ExplanationTarget): string {
  if (target.kind === 'score') return model.metadata === null ? 'score' : 'score above the median of good parts'
  return `class ${model.metadata?.classNames[target.index] ?? target.index}`
}

function missingText (methods: readonly Explainer[], attempts: readonly Attempt[]): string {
  return `Interrupted: without ${methods.slice(attempts.length).map(({ method }) => method).join(', ')}.`
}

/** Why the maps below explain nothing, or no defect; `null` where they do. */
function nothingText (model: ExplainedModel, target: ExplanationTarget, confidence: number): string | null {
  if (hasSomethingToExplain(model, target, confidence)) {
    return target.kind === 'class' || confidence >= model.goodSpread ? null : `The picture scores within what good parts reach (${confidence.toPrecision(4)} above their median, which they exceed by up to ${model.goodSpread.toPrecision(4)}): maps show what comes nearest to a defect.`
  }
  const what = target.kind === 'class' || model.metadata === null
    ? `The model answers ${confidence.toPrecision(4)}`
    : `The picture scores like good parts (${confidence === 0 ? 'not' : confidence.toPrecision(4)} above their median, which they exceed by up to ${model.goodSpread.toPrecision(4)})`
  const classes = target.kind === 'score' && model.hasClasses ? ` --target explains a class instead: ${model.metadata?.classNames.join(', ') ?? 'its number'}.` : ''
  return `${what}: there is nothing to explain; maps, where there are any, show what comes nearest.${classes}`
}

function figuresOf ({ method, saliency, faithfulness, obstacle, code }: Attempt): Record<string, unknown> {
  if (saliency === null) return { method, obstacle, ...(code === null ? {} : { code }) }
  const { map: _map, ...figures } = saliency
  return { ...figures, found: saliency.map !== null, peak: peakOf(saliency.map), ...faithfulness }
}

function table (attempts: readonly Attempt[]): string {
  const rows = attempts.map(({ method, saliency, faithfulness: found, obstacle }) => {
    if (saliency === null) return [method, '–', '–', '–', '–', '–', '–', obstacle]
    const peak = peakOf(saliency.map)
    return [
      method, peak === null ? '–' : `${peak.x.toFixed(2)}, ${peak.y.toFixed(2)}`, ...[found?.insertion, found?.deletion, found?.drop].map((value) => value?.toFixed(3) ?? '–'),
      String(saliency.forwards.done), saliency.milliseconds.toFixed(0), saliency.map === null ? withoutMapText(saliency, 'target') : saliency.skipped === null ? '' : `skipped ${saliency.skipped}`
    ]
  })
  return textTable(['method', 'peak x, y', 'insertion', 'deletion', 'drop', 'passes', 'ms', ''], rows)
}

/** In shares of width and height. */
function peakOf (map: { values: Float32Array, width: number, height: number } | null): { x: number, y: number } | null {
  if (map === null) return null
  const at = map.values.indexOf(1)
  return { x: (at % map.width + 0.5) / map.width, y: (Math.floor(at / map.width) + 0.5) / map.height }
}

function numbers (text: string): number[] {
  const values = text.split(',').map(Number)
  if (values.every(Number.isFinite)) return values
  throw new InvalidArgumentError('Expected numbers divided by commas.')
}
