/** `goodparts bench explain`: what explaining every reject costs the verdicts, off and on in turns, one run. */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { readBundle, saveBundle, type ModelBundle } from '../../../engine/bundle/bundle.ts'
import { withExemplars } from '../../../engine/bundle/kept-exemplars.ts'
import type { Explainer } from '../../../engine/explain/explainer.ts'
import type { Estimate } from '../../../engine/explain/metrics/bootstrap.ts'
import { explainerByName } from '../../../engine/explain/registry.ts'
import type { RawImage } from '../../../engine/frame/image-codec.ts'
import { loadModel } from '../../../engine/runtime/inference-runtime.ts'
import type { DeviceRequest } from '../../../engine/runtime/loaded-model.ts'
import { interruptible } from '../../interruptible.ts'
import { measuredOn, measuredOnText } from '../../measured-on.ts'
import { deviceRequest, positiveNumber, wholeNumber } from '../../option-values.ts'
import { writeOutput } from '../../output-file.ts'
import { alsoNotWritten, failureOf } from '../../print-report.ts'
import { Progress } from '../../progress.ts'
import { textTable } from '../../text-table.ts'
import { readMethods } from '../evaluate/explanations.ts'
import { measureExplaining, type ExplainingMeasurement, type Rates } from './explain-measurement.ts'
import { goodPictures, texturedPictures } from './line-pictures.ts'
import { madeBundle } from './made-bundle.ts'

interface Options {
  methods: Explainer[]
  every: number
  loads: number[]
  rounds: number
  seconds: number
  budget: number
  size: number
  layers: string
  device: DeviceRequest
  seed: number
  json?: string
}

/** Good pictures of the made bundle. */
const EXEMPLARS = 12
/** What explanations may cost. */
const LIMIT = 0.05

export function registerExplain (bench: Command): void {
  bench.command('explain')
    .description(`verdict latency and throughput with every reject explained against without, in turns with both, at full speed, at half and at a tenth of it, or other loads; exit 1 when p99 or throughput move by ${100 * LIMIT} % or more`)
    .argument('[bundle]', 'a bundle file; without one, a patch memory of synthetic pictures is made')
    .addOption(new Option('--methods <names>', 'of explanation, divided by commas').argParser(readMethods).default([explainerByName('sise')], 'sise'))
    .option('--every <parts>', 'one part in so many is a reject', wholeNumber(1), 10)
    .addOption(new Option('--loads <shares>', 'of full speed, above 0, divided by commas; 1 is full speed').argParser(readLoads).default([1, 0.5, 0.1], '1,0.5,0.1'))
    .option('--rounds <number>', 'of each, in turns', wholeNumber(1), 4)
    .option('--seconds <number>', 'of each round', positiveNumber, 15)
    .option('--budget <milliseconds>', 'of the processor for each explanation', positiveNumber, 3000)
    .option('--layers <name>', 'of the made bundle: fine or standard', 'standard')
    .option('--size <pixels>', 'input edge of the made bundle', wholeNumber(32), 256)
    .option('--device <device>', 'auto, cpu, cuda, tensorrt or webgpu', deviceRequest, 'auto')
    .option('--seed <number>', 'of the pictures', wholeNumber(0), 1)
    .option('--json <file>', 'write the figures there')
    .action((path: string | undefined, options: Options) => interruptible((signal) => benchExplain(path, options, signal)))
}

/** Each once, the highest first: full speed tells what the shares are of. */
function readLoads (text: string): number[] {
  const loads = text.split(',').map((share) => Number(share.trim() === '' ? NaN : share))
  if (loads.some((share) => !(share > 0 && share <= 1))) throw new InvalidArgumentError('Expected numbers above 0 and up to 1, divided by commas.')
  return [...new Set(loads)].sort((a, b) => b - a)
}

async function benchExplain (path: string | undefined, options: Options, signal: AbortSignal): Promise<void> {
  const progress = new Progress()
  const folder = await mkdtemp(join(tmpdir(), 'goodparts-bench-'))
  try {
    const file = path ?? join(folder, 'bundle.onnx')
    if (path === undefined) await saveBundle(file, await bundleWithExemplars(options))
    const bundle = await readBundle(file)
    // What the made one keeps has lost its grain as JPEG, and is no more what it has learned.
    const good = path === undefined ? texturesOf(options) : await goodPictures(bundle, EXEMPLARS, options.seed)
    const model = await loadModel(bundle, { device: options.device })
    try {
      const load = loadavg()[0] ?? 0
      const loads: ExplainingMeasurement[] = []
      const measuring = measureExplaining(model, file, good, { ...options, methods: options.methods.map(({ method }) => method), signal, progress: (done, total) => { progress.update('rounds', done, total) } })
      const report = async (isPartial: boolean): Promise<void> => {
        progress.clear()
        if (loads.length > 0) await print(loads, load, options, model.choice.reason, isPartial)
      }
      try {
        for await (const measured of measuring) loads.push(measured)
      } catch (error) {
        // What was measured before an interruption, or a failure, is still told.
        throw alsoNotWritten(error, await failureOf(report(true)))
      }
      await report(false)
    } finally {
      await model.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function print (loads: readonly ExplainingMeasurement[], load: number, options: Options, choice: string, isPartial: boolean): Promise<void> {
  const where = await measuredOn()
  const methods = options.methods.map(({ method }) => method)
  const row = (name: string, { perSecond, median, p99 }: Rates): string[] => [name, perSecond.toFixed(1), median.toFixed(2), p99.toFixed(2)]
  const tables = loads.map((measured) => {
    const { arriving, share, off, on, throughputRatio, p99Ratio, noise, verdicts: { good, reject }, explained, cutShort, queueFull, unfinished, pictures } = measured
    const rejects = explained + queueFull + unfinished
    const rows = [row('off', off), row(`on, ${methods.join(', ')}`, on), ['ratio', throughputRatio.value.toFixed(3), (on.median / off.median).toFixed(3), p99Ratio.value.toFixed(3)], ['95 %', interval(throughputRatio), '', interval(p99Ratio)], ['off again, ratio', noise.throughputRatio.value.toFixed(3), '', noise.p99Ratio.value.toFixed(3)], ['95 %', interval(noise.throughputRatio), '', interval(noise.p99Ratio)]]
    return `${arriving === null ? 'At full speed' : `With ${arriving.toFixed(1)} parts/s arriving, ${Number((100 * share).toPrecision(3))} % of full speed`}\n${textTable(['explanations', 'parts/s', 'latency p50 ms', 'p99 ms'], rows)}\n` +
      `${cost(measured, options.rounds)}\n` +
      `${explained} of ${rejects} rejects explained${cutShort === 0 ? '' : ` (${cutShort} of them not to the end)`}; the queue was full for ${queueFull}, ${unfinished} waited when their round ended.${explained < rejects ? ` ${explained === 0 ? whyNone(measured) : queueFull === 0 ? '' : notAll}`.trimEnd() : ''}\n` +
      `The model rejects ${reject.found} of ${reject.meant} parts that are meant to be rejects, and finds ${good.found} of ${good.meant} others good.\n` +
      `Heatmaps of the detector's own map: ${pictures.painted}, ${pictures.median.toFixed(1)} ms after their verdicts, ${pictures.p99.toFixed(1)} ms at p99${pictures.notPainted === 0 ? '' : `; the queue was full for ${pictures.notPainted}`}.\n\n`
  })
  const cores = availableParallelism()
  process.stdout.write(`${isPartial ? 'Interrupted: the figures are of what was done until then.\n\n' : ''}${tables.join('')}${options.rounds} ${options.rounds === 1 ? 'round' : 'rounds'} of ${options.seconds} s each, in turns; one part in ${options.every} a reject.\n` +
    `Model: ${choice}. Seed ${options.seed}.\n${measuredOnText(where)}\n${load > cores / 2 ? `The machine was busy before (load ${load.toFixed(1)} on ${cores} cores).\n` : ''}`)
  if (options.json !== undefined) await writeOutput(options.json, `${JSON.stringify({ bench: 'explain', ...options, methods, ...where, loadAverage: load, loads, ...(isPartial ? { partial: true } : {}) }, null, 2)}\n`)
  if (loads.some(isSlower)) process.exitCode = 1
}

type Ratios = Pick<ExplainingMeasurement, 'throughputRatio' | 'p99Ratio'>

/** Whether throughput or p99 are worse by the limit or more. */
export function isSlower ({ throughputRatio, p99Ratio }: Ratios): boolean {
  return throughputRatio.value <= 1 - LIMIT || p99Ratio.value >= 1 + LIMIT
}

/** What they cost, and whether these rounds are enough to say so: their bounds are on one side of the limit, and turns that differ in nothing do not differ by as much. */
export function cost (measured: Ratios & { noise: Ratios } & Pick<ExplainingMeasurement, 'explained'>, rounds: number): string {
  const { throughputRatio, p99Ratio, noise, explained } = measured
  const answer = `${explained === 0 ? 'Painting the detector\'s own map costs' : 'Explanations cost'} ${isSlower(measured) ? `${100 * LIMIT} % of throughput or p99, or more` : `less than ${100 * LIMIT} % of throughput and p99`}`
  if (throughputRatio.low === null || throughputRatio.high === null || p99Ratio.low === null || p99Ratio.high === null) return `${answer}, by ${rounds === 1 ? 'one round, which has' : `${rounds} rounds, which have`} no bounds: give --rounds more.`
  const isWithin = throughputRatio.low > 1 - LIMIT && p99Ratio.high < 1 + LIMIT
  const isBeyond = throughputRatio.high <= 1 - LIMIT || p99Ratio.low >= 1 + LIMIT
  if (Math.abs(noise.throughputRatio.value - 1) >= LIMIT || Math.abs(noise.p99Ratio.value - 1) >= LIMIT) return `${answer}, but the machine moves them by as much by itself: that is not sure.`
  return isWithin || isBeyond ? `${answer}.` : `${answer}; by these rounds that is not sure.`
}

/** Why no reject was explained by other methods. */
export function whyNone ({ busyShare }: Pick<ExplainingMeasurement, 'busyShare'>): string {
  const onlyOwn = 'here only the detector\'s own map was painted.'
  return busyShare >= 0.5 ? `Other methods wait while verdicts take half of the cores, ${(100 * busyShare).toFixed(0)} % of the time: ${onlyOwn}` : `The rounds were too short for other methods, ${onlyOwn} Give --seconds more.`
}

/** Where some rejects were explained by other methods, and some left out. */
const notAll = 'What explaining every reject by other methods than the detector\'s own map would cost is not in these figures: give --every more, or --budget less.'

/** Over turns: how far the ratio is the machine's noise. */
function interval ({ low, high }: Estimate): string {
  return low === null || high === null ? '–' : `${low.toFixed(3)}–${high.toFixed(3)}`
}

/** Good parts of the made bundle. */
function texturesOf ({ size, seed }: Options): RawImage[] {
  return texturedPictures(EXEMPLARS, size, seed + 2)
}

/** With good pictures in it: explaining a part looks for the one that is most like it. */
async function bundleWithExemplars (options: Options): Promise<ModelBundle> {
  const { layers, size, seed } = options
  const bundle = await madeBundle({ layers, size, width: size, height: size, seed })
  return withExemplars(bundle, texturesOf(options).map((picture, i) => ({ name: `made ${i}`, read: async () => Promise.resolve(picture) })))
}
