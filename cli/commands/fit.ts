/** `goodparts fit`: learn a detector from pictures of good parts and write its bundle. */
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { createDecision } from '../../engine/decision/decision.ts'
import type { DefectImage, GoodImage, Suspect } from '../../engine/detectors/detector.ts'
import { fitInProcess } from '../../engine/detectors/fit-process.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import { trialNote, trialOutcome } from '../../engine/evaluation/trial-outcome.ts'
import { defectImages, folderImages, goodImages, readDataset } from '../../engine/evaluation/dataset.ts'
import { otherFiles, otherFilesText } from '../../engine/evaluation/dataset-folder.ts'
import { renderSuspects } from '../../engine/evaluation/report/suspects-page.ts'
import type { DeviceRequest } from '../../engine/runtime/loaded-model.ts'
import { lossText } from '../../engine/training/loss-curve.ts'
import type { BundleMetadata, JsonValue, ScaleTrial } from '../../schemas/bundle.ts'
import { detectorOptions } from '../detector-options.ts'
import { interruptible } from '../interruptible.ts'
import { measuredOn } from '../measured-on.ts'
import { deviceRequest, positiveNumber, readOverlap, readSetting, readTiles, wholeNumber } from '../option-values.ts'
import { writeOutput } from '../output-file.ts'
import { lossNote, Progress } from '../progress.ts'
import { textTable } from '../text-table.ts'
import { givenDefects, unusedDefects } from './fit/given-defects.ts'

interface Options {
  output: string
  detector: string
  family?: string
  defects?: string
  scale?: string
  size?: number
  rate?: number
  bank?: number
  tiles?: string
  overlap?: number
  regions?: string
  set: Record<string, JsonValue>
  suspects?: string | true
  checkpoint?: string
  seed: number
  threads: number
  device: DeviceRequest
  json?: string
}

export function register (program: Command): void {
  program.command('fit')
    .description('learn from pictures of good parts and write a bundle')
    .argument('<source>', 'a folder of pictures of good parts, a folder in MVTec layout, a dataset.csv or a folder that holds one')
    .requiredOption('-o, --output <file>', 'the bundle to write')
    .option('--detector <name>', 'family of the detector, or auto', 'patch-memory')
    .option('--family <name>', 'another name of --detector')
    .option('--defects <folder>', 'labelled defects for families that learn from them, a folder for each type; a data set gives its own, of the train split only')
    .option('--scale <scale>', 'auto (the default), or the layers: fine, standard, three (all of both)')
    .option('--size <pixels>', 'input edge; chosen when not given', wholeNumber(32))
    .option('--rate <images>', 'images per second that the choice of scale has to keep', positiveNumber)
    .option('--bank <entries>', 'size of the memory; chosen when not given', wholeNumber(1))
    .option('--tiles <columns x rows>', 'show the detector parts of the picture, 3x2 or auto; for small defects on large pictures', readTiles)
    .option('--overlap <share>', 'of a tile with its neighbour, 0 to 0.5; 0.25 when not given', readOverlap)
    .option('--regions <file>', 'what is looked at: JSON, a list of boxes and polygons in shares of the picture')
    .option('--set <name=value>', 'any other option of the detector; may be given again', readSetting, {})
    .option('--suspects [file]', 'list good pictures that look unlike the rest before learning; with a file also write a page with them')
    .option('--checkpoint <file>', 'write there what is reached, and go on from it where a fit of the same pictures and options was stopped')
    .option('--seed <number>', 'of every random draw', wholeNumber(0), 0)
    .option('--threads <number>', 'intra-op threads', wholeNumber(1), 1)
    .option('--device <device>', 'where families that are trained run their train steps: auto, cpu, cuda, tensorrt or webgpu', deviceRequest, 'cpu')
    .option('--json <file>', 'write what the bundle says of itself there; - for standard output, without the text')
    .action((source: string, options: Options) => interruptible((signal) => fit(source, options, signal), () => checkpointText(options)))
}

async function fit (source: string, options: Options, signal: AbortSignal): Promise<void> {
  const { images, defects, leftOut } = await readPictures(source, options)
  const progress = new Progress()
  const unused = options.defects === undefined ? '' : unusedDefects(familyOf(options), options.set)
  if (unused !== '') progress.print(unused)
  if (leftOut.length > 0) progress.print(`${images.length} pictures in ${source}; ${otherFilesText(leftOut)}`)
  const printed = new Set<string>()
  let page: Promise<void> = Promise.resolve()
  try {
    const { path, metadata } = await fitInProcess({
      family: familyOf(options),
      images: images.map(({ name, group, calibration }) => ({ path: name, group, calibration })),
      defects: defects.map(({ name, group, className }) => ({ path: name, group, className })),
      options: await optionsOf(options),
      seed: options.seed,
      output: resolve(options.output),
      threads: options.threads,
      device: options.device,
      suspects: options.suspects !== undefined,
      ...(options.checkpoint === undefined ? {} : { checkpoint: resolve(options.checkpoint) })
    }, {
      signal,
      onProgress: ({ stage, done, total, share, loss, trials = [], suspects, device, resumed }) => {
        if (resumed === true) progress.print(`Going on from ${options.checkpoint}`)
        if (device !== undefined) progress.print(`Train steps: ${device}`)
        if (suspects !== undefined) {
          progress.print(suspectsText(suspects, images.length, source))
          const file = options.suspects
          if (typeof file === 'string') page = writeSuspects(file, suspects, images.length, source).then(() => { progress.print(`Written: ${file}`) })
          // Awaited when the fit ends; until then a failure must not count as nobody's.
          page.catch(() => undefined)
          return
        }
        for (const line of trials.filter(isJudged).map(trialText)) {
          if (!printed.has(line)) progress.print(line)
          printed.add(line)
        }
        progress.update(stage, done, total, lossNote(loss), share)
      }
    })
    progress.clear()
    await page
    await print(path, metadata, options)
  } finally {
    progress.clear()
    await page.catch(() => undefined)
  }
}

async function writeSuspects (file: string, suspects: readonly Suspect[], pictures: number, source: string): Promise<void> {
  await writeOutput(file, await renderSuspects(suspects, pictures, (name) => relative(source, name)))
}

/** What is left of a fit that was cancelled. */
function checkpointText ({ checkpoint }: Options): string {
  return checkpoint === undefined || !existsSync(checkpoint) ? '' : `The checkpoint is kept in ${checkpoint}; the same command goes on from there.`
}

function familyOf ({ detector, family = detector }: Options): string {
  return family
}

/** A data set's good training and calibration pictures and its training defects, or every picture of a plain folder. */
async function readPictures (source: string, options: Pick<Options, 'defects'>): Promise<{ images: GoodImage[], defects: DefectImage[], leftOut: string[] }> {
  const found = await stat(source).catch(() => null)
  if (found === null) throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected ${source} to be a folder or a dataset.csv, got nothing there`)
  const given = options.defects === undefined ? [] : await givenDefects(options.defects)
  const isDataset = found.isFile() || existsSync(join(source, 'dataset.csv')) || existsSync(join(source, 'train', 'good'))
  if (!isDataset) return { images: await folderImages(source), defects: given, leftOut: await otherFiles(source) }
  const dataset = await readDataset(source)
  return { images: goodImages(dataset), defects: [...defectImages(dataset), ...given], leftOut: [] }
}

function suspectsText (suspects: readonly Suspect[], pictures: number, source: string): string {
  if (suspects.length === 0) return `None of ${pictures} pictures looks unlike the rest.`
  const lines = suspects.map(({ name, deviations, nearest }, place) => `  ${place + 1}. ${relative(source, name)}: ${deviations.toFixed(1)} deviations${nearest === null ? '' : `, most like ${relative(source, nearest)}`}`)
  return [`${suspects.length} of ${pictures} pictures look unlike the rest; are they good?`, ...lines].join('\n')
}

async function optionsOf (options: Options): Promise<Record<string, JsonValue>> {
  const { scale, size, rate, bank, tiles, overlap, regions, set } = options
  return detectorOptions(familyOf(options), set, { scale, size, targetImagesPerSecond: rate, bankSize: bank, tiles, overlap, regions: regions === undefined ? undefined : await readRegions(regions) })
}

/** What is wrong in the list itself is said by the fit. */
async function readRegions (path: string): Promise<JsonValue> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as JsonValue
  } catch (cause) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${path} to be a JSON file of regions, got: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

async function print (path: string, metadata: BundleMetadata, { json, device }: Options): Promise<void> {
  const text = JSON.stringify({ path, ...metadata, ...await measuredOn() }, null, 2)
  if (json === '-') {
    process.stdout.write(`${text}\n`)
    return
  }
  const { trials, training, calibration } = metadata
  const parts = [
    trials.length === 0 ? '' : trialTable(trials),
    `${metadata.name}: learned from ${training.images} pictures${training.groups === null ? '' : ` of ${training.groups} parts`}${defectsText(training.defects)}, calibrated on ${calibration.scores.length} others, in ${training.seconds.toFixed(1)} s.`,
    lossSentence(training.lossCurve),
    device !== 'cpu' && training.lossCurve === undefined ? `Nothing of it was trained by steps: --device ${device} changed nothing.` : '',
    createDecision({ calibrationScores: calibration.scores, productScores: calibration.products ?? {} }).statement,
    `Written: ${path}, bundle ${metadata.id}`
  ]
  process.stdout.write(`${parts.filter((part) => part !== '').join('\n\n')}\n`)
  if (json !== undefined) await writeOutput(json, `${text}\n`)
}

/** A loss that still falls at its end asks for more steps. */
function lossSentence (curve: BundleMetadata['training']['lossCurve']): string {
  const [first, last] = [curve?.at(0), curve?.at(-1)]
  return first === undefined || last === undefined ? '' : `Trained in ${last.step} steps, ${lossText(first.loss)} at first, ${lossText(last.loss)} in the end; the report of goodparts evaluate shows the curve.`
}

function defectsText (defects: BundleMetadata['training']['defects']): string {
  if (defects === undefined) return ''
  return ` and from labelled defects (${Object.entries(defects.images).map(([type, count]) => `${count} ${type}`).join(', ')})`
}

export function trialTable (trials: readonly ScaleTrial[]): string {
  const names = [...new Set(trials.flatMap(({ settings }) => Object.keys(settings)))].filter((name) => !untold.includes(name))
  const table = textTable(['layers', 'size', ...names.map((name) => headings[name] ?? name), 'separation', 'images/s', 'outcome'], trials.map((trial) => [
    trial.layers, sizeText(trial), ...names.map((name) => shown(trial.settings[name])),
    trial.proxyAuroc?.toFixed(4) ?? '–', trial.imagesPerSecond?.toFixed(1) ?? '–', trialOutcome(trial, trials)
  ]))
  const note = trialNote(trials)
  return note === null ? table : `${table}\n${note}`
}

/** Settings that the table has no room for. */
const untold = ['components', 'channels']
const headings: { [setting: string]: string } = { entries: 'bank', crossValidatedLoss: 'loss on unseen' }

/** 0 stands for none: of a family that was not tried, or that has no size. */
function sizeText ({ size }: Pick<ScaleTrial, 'size'>): string {
  return size === 0 ? '–' : String(size)
}

function isJudged ({ proxyAuroc }: ScaleTrial): boolean {
  return proxyAuroc !== null
}

function trialText (trial: ScaleTrial): string {
  const { layers, settings, proxyAuroc, imagesPerSecond } = trial
  const { whitening, components: _components, entries: _entries, normalisation, ...others } = settings
  const words = [
    ...(normalisation === undefined ? [] : [`${shown(normalisation)} normalisation`]),
    ...(whitening === true ? ['whitened'] : []),
    ...Object.entries(others).map(([name, value]) => `${name} ${shown(value)}`)
  ]
  return `${[`${sizeText(trial)} ${layers}`, ...words].join(', ')}: drawn defects separate by ${proxyAuroc?.toFixed(3) ?? '–'}, ${imagesPerSecond?.toFixed(1) ?? '–'} images/s`
}

function shown (value: JsonValue | undefined): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return typeof value === 'string' ? value : value === undefined ? '–' : JSON.stringify(value)
}
