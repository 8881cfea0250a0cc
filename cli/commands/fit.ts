/** `goodparts fit`: learn a detector from pictures of good parts and write its bundle. */
import { existsSync } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { createDecision } from '../../engine/decision/decision.ts'
import type { GoodImage } from '../../engine/detectors/detector.ts'
import { fitInProcess } from '../../engine/detectors/fit-process.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import { folderImages, goodImages, readDataset } from '../../engine/evaluation/dataset.ts'
import type { BundleMetadata, JsonValue, ScaleTrial } from '../../schemas/bundle.ts'
import { interruptible } from '../interruptible.ts'
import { measuredOn } from '../measured-on.ts'
import { positiveNumber, readSetting, wholeNumber } from '../option-values.ts'
import { Progress } from '../progress.ts'
import { textTable } from '../text-table.ts'

interface Options {
  output: string
  detector: string
  scale?: string
  size?: number
  rate?: number
  bank?: number
  set: Record<string, JsonValue>
  seed: number
  threads: number
  json?: string
}

export function register (program: Command): void {
  program.command('fit')
    .description('learn from pictures of good parts and write a bundle')
    .argument('<source>', 'a folder of pictures of good parts, a folder in MVTec layout, a dataset.csv or a folder that holds one')
    .requiredOption('-o, --output <file>', 'the bundle to write')
    .option('--detector <name>', 'family of the detector', 'patch-memory')
    .option('--scale <scale>', 'auto (the default), or the layers: fine, standard')
    .option('--size <pixels>', 'input edge; chosen when not given', wholeNumber(32))
    .option('--rate <images>', 'images per second that the choice of scale has to keep', positiveNumber)
    .option('--bank <entries>', 'size of the memory; chosen when not given', wholeNumber(1))
    .option('--set <name=value>', 'any other option of the detector; may be given again', readSetting, {})
    .option('--seed <number>', 'of every random draw', wholeNumber(0), 0)
    .option('--threads <number>', 'intra-op threads', wholeNumber(1), 1)
    .option('--json <file>', 'write what the bundle says of itself there; - for standard output, without the text')
    .action((source: string, options: Options) => interruptible((signal) => fit(source, options, signal)))
}

async function fit (source: string, options: Options, signal: AbortSignal): Promise<void> {
  const images = await readGoodImages(source)
  const progress = new Progress()
  const printed = new Set<string>()
  try {
    const { path, metadata } = await fitInProcess({
      family: options.detector,
      images: images.map(({ name, group, calibration }) => ({ path: name, group, calibration })),
      options: detectorOptions(options),
      seed: options.seed,
      output: resolve(options.output),
      threads: options.threads
    }, {
      signal,
      onProgress: ({ stage, done, total, trials = [] }) => {
        for (const line of trials.filter(isJudged).map(trialText)) {
          if (!printed.has(line)) progress.print(line)
          printed.add(line)
        }
        progress.update(stage, done, total)
      }
    })
    progress.clear()
    await print(path, metadata, options)
  } finally {
    progress.clear()
  }
}

/** A data set's good training and calibration pictures, or every picture of a plain folder. */
async function readGoodImages (source: string): Promise<GoodImage[]> {
  const found = await stat(source).catch(() => null)
  if (found === null) throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected ${source} to be a folder or a dataset.csv, got nothing there`)
  const isDataset = found.isFile() || existsSync(join(source, 'dataset.csv')) || existsSync(join(source, 'train', 'good'))
  return isDataset ? goodImages(await readDataset(source)) : folderImages(source)
}

function detectorOptions ({ scale, size, rate, bank, set }: Options): Record<string, JsonValue> {
  return {
    ...set,
    ...(scale === undefined ? {} : { scale }),
    ...(size === undefined ? {} : { size }),
    ...(rate === undefined ? {} : { targetImagesPerSecond: rate }),
    ...(bank === undefined ? {} : { bankSize: bank })
  }
}

async function print (path: string, metadata: BundleMetadata, { json }: Options): Promise<void> {
  const text = JSON.stringify({ path, ...metadata, ...await measuredOn() }, null, 2)
  if (json === '-') {
    process.stdout.write(`${text}\n`)
    return
  }
  const { trials, training, calibration } = metadata
  const parts = [
    trials.length === 0 ? '' : trialTable(trials),
    `${metadata.name}: learned from ${training.images} pictures${training.groups === null ? '' : ` of ${training.groups} parts`}, calibrated on ${calibration.scores.length} others, in ${training.seconds.toFixed(1)} s.`,
    createDecision({ calibrationScores: calibration.scores }).statement,
    `Written: ${path}, bundle ${metadata.id}`
  ]
  process.stdout.write(`${parts.filter((part) => part !== '').join('\n\n')}\n`)
  if (json !== undefined) await writeFile(json, `${text}\n`)
}

function trialTable (trials: readonly ScaleTrial[]): string {
  return textTable(['layers', 'size', 'normalisation', 'whitening', 'bank', 'separation', 'images/s', 'outcome'], trials.map((trial) => [
    trial.layers, String(trial.size), shown(trial.settings['normalisation']), trial.settings['whitening'] === true ? 'yes' : 'no', shown(trial.settings['entries']),
    trial.proxyAuroc?.toFixed(4) ?? '–', trial.imagesPerSecond?.toFixed(1) ?? '–', trial.outcome
  ]))
}

function isJudged ({ proxyAuroc }: ScaleTrial): boolean {
  return proxyAuroc !== null
}

function trialText ({ layers, size, settings, proxyAuroc, imagesPerSecond }: ScaleTrial): string {
  return `${size} ${layers}, ${shown(settings['normalisation'])} normalisation${settings['whitening'] === true ? ', whitened' : ''}: drawn defects separate by ${proxyAuroc?.toFixed(3) ?? '–'}, ${imagesPerSecond?.toFixed(1) ?? '–'} images/s`
}

function shown (value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '–')
}
