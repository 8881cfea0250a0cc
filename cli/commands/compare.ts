/** `goodparts compare`: several families of detectors on the same pictures, in one table, with a recommendation. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { selfTrained } from '../../engine/detectors/backbone-features/chosen-backbone.ts'
import { detectorByFamily, detectors } from '../../engine/detectors/registry.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import { compareFamilies } from '../../engine/evaluation/compare/compare.ts'
import { cropDataset } from '../../engine/evaluation/crop-dataset.ts'
import { defectImages, readDataset, type Dataset } from '../../engine/evaluation/dataset.ts'
import type { DeviceRequest } from '../../engine/runtime/loaded-model.ts'
import { chooseTrainingDevice } from '../../engine/training/training-device.ts'
import { readAll } from '../../engine/read-all.ts'
import { filesMustBeOfUse } from '../command-files.ts'
import { interruptible } from '../interruptible.ts'
import { measuredOn } from '../measured-on.ts'
import { deviceRequest, readSeeds, readSetting, wholeNumber, type Settings } from '../option-values.ts'
import { writeOutput } from '../output-file.ts'
import { alsoNotWritten, failureOf, printReport } from '../print-report.ts'
import { lossNote, Progress } from '../progress.ts'
import { resultFiles } from './compare/result-files.ts'
import { ComparisonSheet, curveFailureLine, failureLine } from './compare/sheet.ts'

interface Options {
  families: string[]
  seeds: number[]
  set: Settings
  threads: number
  device: DeviceRequest
  learningCurve: boolean
  crops?: number
  json?: string
  report?: string
}

export function register (program: Command): void {
  program.command('compare')
    .description('fit several families of detectors to the same good parts, measure each on the test pictures, and recommend one')
    .argument('<dataset...>', 'one or more of: a dataset.csv, a folder that holds one, a folder in MVTec layout')
    .option('--families <names>', 'families to compare, with commas between; all that need good parts only when not given', readFamilies, familiesOfGoodParts())
    .option('--seeds <numbers>', 'seeds of the fits, with commas between', readSeeds, [0, 1, 2])
    .option('--set <[family.]name=value>', 'an option of the detectors, or of one family; may be given again', readSetting, {})
    .option('--crops <pixels>', 'compare on square pieces of the pictures, at most four of each, drawn with the first seed', wholeNumber(32))
    .option('--learning-curve', 'also fit each family to a quarter, a half and three quarters of the good parts, with the first seed', false)
    .option('--threads <number>', 'intra-op threads', wholeNumber(1), 1)
    .option('--device <device>', 'where families that are trained run their train steps: auto, cpu, cuda, tensorrt or webgpu', deviceRequest, 'cpu')
    .option('--json <file>', 'write the figures there as they come; - for standard output, without the table. With several data sets each has a file of its own')
    .option('--report <file>', 'write a page with ROC curves side by side and the worst pictures of each family')
    .action((datasets: string[], options: Options) => interruptible(async (signal) => {
      settingsMustBeKnown(options)
      settingsMustFit(options)
      const unused = unusedSettings(options)
      if (unused !== '') process.stderr.write(`${unused}\n`)
      const results = resultFiles(datasets, options)
      await filesMustBeOfUse(results.flatMap(({ json, report }) => [{ name: '--json', file: json }, { name: '--report', file: report }]).flatMap(({ name, file }) => file === undefined ? [] : [{ name, file }]), datasets)
      for (const [index, files] of results.entries()) await compare(datasets[index] as string, { ...options, ...files }, signal)
    }))
}

async function compare (path: string, options: Options, signal: AbortSignal): Promise<void> {
  const { crops: edge, seeds: [seed = 0] } = options
  const dataset = await readDataset(path)
  if (edge === undefined) {
    await compareOn(dataset, withoutUnlearnable(dataset, options), signal)
    return
  }
  const learnable = withoutUnlearnable(dataset, options)
  const folder = await mkdtemp(join(tmpdir(), 'goodparts-crops-'))
  const progress = new Progress()
  try {
    const pieces = await cropDataset(dataset, folder, { edge, seed }, (done, total) => { progress.update('cutting', done, total) }, signal)
    progress.clear()
    await compareOn(pieces, learnable, signal)
  } finally {
    progress.clear()
    await rm(folder, { recursive: true, force: true })
  }
}

async function compareOn (dataset: Dataset, options: Options, signal: AbortSignal): Promise<void> {
  const sheet = new ComparisonSheet(dataset)
  const progress = new Progress()
  const slow = slowFamilies(options)
  if (slow !== '') progress.print(slow)
  const { device, reason } = await chooseTrainingDevice(options.device, options.threads)
  if (options.device !== 'cpu') progress.print(`Train steps: ${reason}`)
  const writeJson = async (): Promise<void> => {
    if (options.json !== undefined && options.json !== '-') await writeOutput(options.json, `${JSON.stringify(sheet.report(), null, 2)}\n`)
  }
  const report = async (): Promise<void> => {
    progress.clear()
    await printReport(sheet.report(), options, {
      asText: () => sheet.text(),
      asPage: async () => sheet.page(['goodparts', ...process.argv.slice(2)].join(' '), await measuredOn()),
      isPartial: !sheet.complete
    })
  }
  try {
    await compareFamilies(dataset, { families: options.families, seeds: options.seeds, threads: options.threads, device, learningCurve: options.learningCurve, options: (family) => settingsOf(options.set, family) }, {
      signal,
      progress: (stage, done, total, loss) => { progress.update(stage, done, total, lossNote(loss)) },
      onResult: async (compared, scorer) => {
        await sheet.add(compared, options.report === undefined ? null : scorer)
        progress.print(sheet.lastLine())
        const notWritten = await failureOf(writeJson())
        // Tried again in the end, which says so then; the family has done nothing wrong.
        if (notWritten !== null) progress.print(`The figures so far are not written. ${notWritten.message}`)
      },
      onFailure: (failure) => {
        sheet.fail(failure)
        progress.print(failureLine(failure))
      },
      onCurve: (detector, curve) => { sheet.addCurve(detector, curve) },
      onCurveFailure: (failure) => {
        sheet.failCurve(failure)
        progress.print(curveFailureLine(failure))
      }
    })
    sheet.complete = true
    if (sheet.report().results.length === 0) process.exitCode = 1
  } catch (error) {
    // What was compared until then is told too.
    throw alsoNotWritten(error, await failureOf(report()))
  }
  await report()
}

/** Only the families that can learn from the data set; says which cannot. @throws GOODPARTS_DATASET_INVALID where none can. */
function withoutUnlearnable (dataset: Dataset, options: Options): Options {
  if (defectImages(dataset).length > 0) return options
  const left = options.families.filter((family) => detectorByFamily(family).learnsDefects === 'required')
  if (left.length === 0) return options
  const families = options.families.filter((family) => !left.includes(family))
  const reason = `${dataset.name} has no defects in its training split`
  if (families.length === 0) {
    throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected defects that ${left.join(', ')} can learn from, got none: ${reason}`,
      { fix: 'Give rows with split=train and a label other than good, or pictures in train/<type>.' })
  }
  process.stderr.write(`Left out: ${left.join(', ')}, which learns from labelled defects; ${reason}.\n`)
  return { ...options, families }
}

/** An option without a family goes to those that have it. */
function settingsOf (set: Settings, family: string): Settings {
  const { defaults } = detectorByFamily(family)
  return Object.fromEntries(Object.entries(set).flatMap(([name, value]) => {
    const [before, after] = name.split('.')
    if (after !== undefined) return before === family ? [[after, value]] : []
    return Object.hasOwn(defaults, name) ? [[name, value]] : []
  }))
}

/** @throws GOODPARTS_ARGUMENT for a setting that no family has at all: it would change nothing, and nobody would know. */
function settingsMustBeKnown ({ set }: Options): void {
  const lost = Object.entries(set).find(([name, value]) => detectors.every(({ family }) => Object.keys(settingsOf({ [name]: value }, family)).length === 0))
  if (lost === undefined) return
  const names = [...new Set(detectors.flatMap(({ defaults }) => Object.keys(defaults)))].sort()
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected --set to name an option of a detector (${names.join(', ')}), got ${lost[0]}`, { fix: 'For example --set mapSigma=4, or --set patch-memory.mapSigma=4 for one family; docs/detectors.md has the options of each.' })
}

/** @throws GOODPARTS_ARGUMENT with what every compared family finds wrong, before pictures are read: fits that cannot begin would leave half a table. */
function settingsMustFit ({ families, set }: Options): void {
  readAll(Object.fromEntries(families.map((family) => [family, () => {
    try {
      detectorByFamily(family).check(settingsOf(set, family))
    } catch (cause) {
      if (!(cause instanceof GoodpartsError)) throw cause
      throw new GoodpartsError(cause.code, `${family}: ${cause.message}`, { cause, fix: cause.fix ?? 'docs/detectors.md has the options of each family; --set FAMILY.NAME=VALUE sets that of one.' })
    }
  }])))
}

/** What to say of settings that only families have which are not compared; empty where there are none. */
function unusedSettings ({ families, set }: Options): string {
  const unused = Object.entries(set).filter(([name, value]) => families.every((family) => Object.keys(settingsOf({ [name]: value }, family)).length === 0)).map(([name]) => `--set ${name}`)
  return unused.length === 0 ? '' : `Not used, as no family that is compared has it: ${unused.join(', ')}.`
}

/** Those that are trained, and by how many steps; empty where there are none, or where they were named. */
function slowFamilies ({ families, seeds, set }: Options): string {
  if (families.join() !== familiesOfGoodParts().join()) return ''
  const trained = families.flatMap((family) => {
    const { steps: own, backbone, encoderSteps } = { ...detectorByFamily(family).defaults, ...settingsOf(set, family) }
    const steps = backbone === selfTrained ? encoderSteps : own
    return typeof steps === 'number' ? [`${family} (${steps} steps)`] : []
  })
  return `Slow, because they are trained, ${seeds.length === 1 ? 'once' : `${seeds.length} times`} each, minutes a time on two cores: ${trained.join(', ')}. --families leaves them out.`
}

function familiesOfGoodParts (): string[] {
  return detectors.filter(({ learnsDefects }) => learnsDefects !== 'required').map(({ family }) => family)
}

function readFamilies (text: string): string[] {
  return text.split(',').map((name) => detectorByFamily(name.trim()).family)
}
