/** `goodparts evaluate`: fit on a data set's good parts, test on the rest, print, and write JSON and a report. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { readBundle, type ModelBundle } from '../../engine/bundle/bundle.ts'
import { checkGoldenVectors } from '../../engine/bundle/golden.ts'
import { fitInProcess } from '../../engine/detectors/fit-process.ts'
import { splitOfFit } from '../../engine/detectors/fit-work.ts'
import { defectImages, goodImages, readDataset, testEntries, type Dataset } from '../../engine/evaluation/dataset.ts'
import { asGoodpartsError, GoodpartsError } from '../../engine/errors.ts'
import { evaluateBundle, type Evaluation } from '../../engine/evaluation/evaluate.ts'
import { locatedDefects } from '../../engine/evaluation/explanation-evaluation.ts'
import { learningCurve } from '../../engine/evaluation/learning-curve.ts'
import { openScorer, type PictureScorer } from '../../engine/evaluation/picture-scorer.ts'
import type { ExplainedPictures } from '../../engine/evaluation/report/explanation-section.ts'
import { makeGallery } from '../../engine/evaluation/report/gallery.ts'
import { renderReport } from '../../engine/evaluation/report/report.ts'
import { together } from '../../engine/read-all.ts'
import type { DeviceRequest } from '../../engine/runtime/loaded-model.ts'
import type { BundleMetadata } from '../../schemas/bundle.ts'
import type { EvaluationReport, ExplanationFindings, LearningCurvePoint } from '../../schemas/evaluation.ts'
import { nameIn } from '../dataset-names.ts'
import { detectorOptions } from '../detector-options.ts'
import { interruptible } from '../interruptible.ts'
import { curveTable } from '../learning-curve-table.ts'
import { measuredOn } from '../measured-on.ts'
import { deviceRequest, positiveNumber, readSetting, wholeNumber, type Settings } from '../option-values.ts'
import { failureOf, printReport } from '../print-report.ts'
import { lossNote, Progress } from '../progress.ts'
import { addExplainOptions, explanationFindings, explanationText, isExplained, type ExplainOptions } from './evaluate/explanations.ts'
import { evaluationText } from './evaluate/summary.ts'

interface Options extends ExplainOptions {
  detector: string
  scale?: string
  size?: number
  rate?: number
  family?: string
  set: Settings
  device: DeviceRequest
  learningCurve: boolean
  bundle?: string
  json?: string
  report?: string
}

export function register (program: Command): void {
  addExplainOptions(program.command('evaluate')
    .description('fit on the good parts of a data set and measure on its test pictures')
    .argument('<dataset>', 'a dataset.csv, a folder that holds one, or a folder in MVTec layout (train/good, test/<type>, ground_truth/<type>)')
    .option('--detector <name>', 'family of the detector, or auto', 'patch-memory')
    .option('--family <name>', 'another name of --detector')
    .option('--scale <scale>', 'auto, or the layers: fine, standard, three (all of both)')
    .option('--size <pixels>', 'input edge; chosen by the scale when not given', wholeNumber(32))
    .option('--seed <number>', 'of the fit and of the intervals', wholeNumber(0), 0)
    .option('--rate <images>', 'images per second that the choice of scale has to keep', positiveNumber)
    .option('--set <name=value>', 'any other option of the detector; may be given again', readSetting, {})
    .option('--device <device>', 'where families that are trained run their train steps: auto, cpu, cuda, tensorrt or webgpu', deviceRequest, 'cpu')
    .option('--learning-curve', 'also fit to a quarter, a half and three quarters of the good parts', false)
    .option('--bundle <file>', 'measure this bundle instead of fitting one')
    .option('--json <file>', 'write the figures there; - for standard output, without the table')
    .option('--report <file>', 'write a page with curves, limits, worst misses and worst false rejects, and the explanations where they were asked for'))
    .action((dataset: string, options: Options) => interruptible((signal) => evaluate(dataset, options, signal)))
}

async function evaluate (path: string, options: Options, signal: AbortSignal): Promise<void> {
  const progress = new Progress()
  try {
    const dataset = await readDataset(path)
    if (isExplained(options)) locatedDefects(dataset)
    const bundle = options.bundle === undefined ? await fit(dataset, options, progress, signal) : await readBundle(options.bundle)
    const scorer = await openChecked(bundle)
    try {
      const evaluation = await evaluateBundle(dataset, bundle.metadata, scorer, { seed: options.seed, progress: (stage, done, total) => progress.update(stage, done, total), signal, keepPartial: true })
      progress.clear()
      const explained: ExplainedPictures[] = []
      const explain = await unlessAborted(signal, () => explanationFindings(dataset, bundle.bytes, options, options.report === undefined ? null : explained, progress, signal))
      progress.clear()
      const { curve, failure } = await unlessAborted(signal, () => curveOf(dataset, bundle.metadata, evaluation, options, progress, signal)) ?? noCurve
      progress.clear()
      const failures = [...(explain?.failure === undefined ? [] : [explanationFailure(explain, explain.failure)]), ...(failure === null ? [] : [failure])]
      const report = { ...await completeReport(dataset, evaluation), ...(explain === null ? {} : { explain }), ...(curve === null ? {} : { learningCurve: curve }), ...(signal.aborted || failures.length > 0 ? { partial: true as const, done: doneOf(dataset, evaluation, options, explain) } : {}) }
      const notWritten = await failureOf(printReport(report, options, {
        asText: reportText,
        asPage: async () => renderReport(report, { ...await makeGallery(evaluation, scorer, nameIn(dataset)), explained }),
        isPartial: report.partial === true
      }))
      const [first, ...others] = [...failures, ...(notWritten === null ? [] : [notWritten])]
      if (first !== undefined) throw together(first, ...others)
    } finally {
      await scorer.close()
    }
  } finally {
    progress.clear()
  }
}

function doneOf (dataset: Dataset, { pictures }: Evaluation, options: Options, explain: ExplanationFindings | null): NonNullable<EvaluationReport['done']> {
  const scored = { scored: pictures.length, toScore: testEntries(dataset).length }
  return isExplained(options) ? { ...scored, explained: explain?.methods[0]?.n ?? 0, toExplain: Math.min(options.explainImages ?? Infinity, locatedDefects(dataset).length) } : scored
}

function explanationFailure ({ methods }: ExplanationFindings, message: string): GoodpartsError {
  return new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', `Expected to explain every defect, got after ${methods[0]?.n ?? 0} of them: ${message}`)
}

/** What was done before an interruption is still written. */
async function unlessAborted<Result> (signal: AbortSignal, work: () => Promise<Result | null>): Promise<Result | null> {
  if (signal.aborted) return null
  try {
    return await work()
  } catch (error) {
    // Typescript does not know that it changes while it waits.
    if ((signal as { readonly aborted: boolean }).aborted) return null
    throw error
  }
}

async function fit (dataset: Dataset, options: Options, progress: Progress, signal: AbortSignal): Promise<ModelBundle> {
  const { detector, family = detector, scale, size, rate, set } = options
  const asked = detectorOptions(family, set, { scale, size, targetImagesPerSecond: rate })
  const folder = await mkdtemp(join(tmpdir(), 'goodparts-evaluate-'))
  try {
    const { path } = await fitInProcess({
      family,
      images: goodImages(dataset).map(({ name, group, calibration }) => ({ path: name, group, calibration })),
      defects: defectImages(dataset).map(({ name, group, className }) => ({ path: name, group, className })),
      options: asked,
      seed: options.seed,
      device: options.device,
      output: join(folder, 'bundle.onnx')
    }, {
      signal,
      onProgress: ({ stage, done, total, loss, device }) => {
        if (device !== undefined) progress.print(`Train steps: ${device}`)
        progress.update(stage, done, total, lossNote(loss))
      }
    })
    return await readBundle(path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A failure of the refits takes nothing from what was measured before. */
interface CurveOutcome { curve: LearningCurvePoint[] | null, failure: GoodpartsError | null }
const noCurve: CurveOutcome = { curve: null, failure: null }

async function curveOf (dataset: Dataset, { family, options: resolved, training }: BundleMetadata, { findings: { imageAuroc, aupro30 } }: Evaluation, { learningCurve: wanted, seed, device }: Options, progress: Progress, signal: AbortSignal): Promise<CurveOutcome> {
  if (!wanted) return noCurve
  const split = splitOfFit(goodImages(dataset), training.seed)
  const defects = training.defects === undefined ? [] : defectImages(dataset)
  try {
    const curve = await learningCurve(dataset, { family, options: resolved, seed: training.seed, threads: 1, device, defects, split }, { images: training.images, imageAuroc, aupro30 }, { seed, signal, progress: (...report) => { progress.update(...report) } })
    return { curve, failure: null }
  } catch (cause) {
    signal.throwIfAborted()
    const { code, message, fix } = asGoodpartsError(cause, 'GOODPARTS_FIT_FAILED')
    return { curve: null, failure: new GoodpartsError(code, `Expected a learning curve, got: ${message}`, { cause, ...(fix === null ? {} : { fix }) }) }
  }
}

/** Answers as it did when it was made, or is refused. */
async function openChecked ({ bytes, metadata }: ModelBundle): Promise<PictureScorer> {
  const scorer = await openScorer(bytes, 1)
  try {
    await checkGoldenVectors(async (image) => (await scorer.score([image]))[0] ?? { score: NaN, map: new Float32Array(), height: 0, width: 0 }, metadata)
    return scorer
  } catch (error) {
    await scorer.close()
    throw error
  }
}

async function completeReport (dataset: Dataset, { findings, pictures, decision }: Evaluation): Promise<EvaluationReport> {
  const nameOf = nameIn(dataset)
  return {
    ...findings,
    images: pictures.map(({ entry, score }) => ({ path: nameOf(entry.path), label: entry.label, score, verdict: decision.forProduct(entry.product).judge(score).verdict as EvaluationReport['images'][number]['verdict'] })),
    command: ['goodparts', ...process.argv.slice(2)].join(' '),
    ...await measuredOn()
  }
}

function reportText (report: EvaluationReport): string {
  return `${evaluationText(report)}${report.explain === undefined ? '' : `\n\n${explanationText(report.explain)}`}${report.learningCurve === undefined ? '' : `\n\n${curveTable([{ detector: report.detector, curve: report.learningCurve }])}`}`
}
