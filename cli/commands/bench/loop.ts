/** `goodparts bench loop`: does the main thread stay free while a line is captured and scored at full speed? */
import { availableParallelism, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { readBundle } from '../../../engine/bundle/bundle.ts'
import { frames, type CapturedFrame } from '../../../engine/capture/frames.ts'
import { loadPipelines } from '../../../engine/capture/pipelines.ts'
import { GoodpartsError } from '../../../engine/errors.ts'
import { loadModel } from '../../../engine/runtime/inference-runtime.ts'
import type { DeviceRequest } from '../../../engine/runtime/loaded-model.ts'
import { measuredOn, measuredOnText } from '../../measured-on.ts'
import { deviceRequest, positiveNumber, wholeNumber } from '../../option-values.ts'
import { writeOutput } from '../../output-file.ts'
import { textTable } from '../../text-table.ts'
import { loopDelayDuring, measureLine, type LoopDelay } from './loop-measurement.ts'
import { madeBundle } from './made-bundle.ts'

interface Options {
  width: number
  height: number
  size: number
  layers: string
  seconds: number
  device: DeviceRequest
  seed: number
  json?: string
}

const LIMIT_MS = 20
const IDLE_MS = 2000

export function registerLoop (bench: Command): void {
  bench.command('loop')
    .description(`event-loop delay of the main thread while a generated line is scored at full speed, and while a bundle is loaded beside it; exit 1 when p99 is ${LIMIT_MS} ms or more`)
    .argument('[bundle]', 'a bundle file; without one, a patch memory of synthetic pictures is made')
    .option('--width <pixels>', 'of the frames', wholeNumber(64), 640)
    .option('--height <pixels>', 'of the frames', wholeNumber(64), 480)
    .option('--layers <name>', 'of the made bundle: fine or standard', 'standard')
    .option('--size <pixels>', 'input edge of the made bundle', wholeNumber(32), 256)
    .option('--seconds <number>', 'how long to measure', positiveNumber, 10)
    .option('--device <device>', 'auto, cpu, cuda, tensorrt or webgpu', deviceRequest, 'auto')
    .option('--seed <number>', 'of the pictures', wholeNumber(0), 1)
    .option('--json <file>', 'write the figures there')
    .action(benchLoop)
}

async function benchLoop (path: string | undefined, options: Options): Promise<void> {
  const { width, height, seconds, device, seed } = options
  const line = loadPipelines().find(({ id }) => id === 'generated-line')
  if (line === undefined) throw new GoodpartsError('GOODPARTS_PIPELINE_INVALID', 'Expected the pipeline generated-line to be installed, got none')
  const bundle = path === undefined ? await madeBundle(options) : await readBundle(path)
  const model = await loadModel(bundle, { device })
  try {
    const load = loadavg()[0] ?? 0
    const idle = await loopDelayDuring(async () => { await sleep(IDLE_MS) })
    const source = (): AsyncIterable<CapturedFrame> => frames(line, { width, height, seed, rate: 1000 }, { width, height })
    const measured = await measureLine(source(), model, seconds)
    // From its bytes and with no remembered choice: all that a swap to an unknown kind of bundle does.
    const loading = await measureLine(source(), model, 0, async () => { await (await loadModel(bundle.bytes, { device, cacheFolder: null })).close() })
    const count = Object.values(measured.verdicts).reduce((sum, number) => sum + number, 0)
    const perSecond = count / measured.seconds
    const where = await measuredOn()
    process.stdout.write(`${textTable(['main thread', 'delay p50 ms', 'p99 ms', 'longest ms'], [row('idle', idle), row('line at full speed', measured.delay), row('the same, a bundle loading', loading.delay)])}\n\n` +
      `${count} frames of ${width}x${height} judged in ${measured.seconds.toFixed(1)} s: ${perSecond.toFixed(1)} per second, ${measured.verdicts['not-inspected']} not inspected; ` +
      `from capture to verdict ${measured.latency.median} ms (p99 ${measured.latency.p99} ms).\nLoading took ${loading.seconds.toFixed(1)} s.\nModel: ${model.choice.reason}.\n${measuredOnText(where)}\n${busyNote(load)}`)
    if (options.json !== undefined) {
      await writeOutput(options.json, `${JSON.stringify({ bench: 'loop', ...options, ...where, choice: model.choice, idle, loadAverage: load, limitMs: LIMIT_MS, ...measured, loading: { delay: loading.delay, seconds: loading.seconds }, framesPerSecond: perSecond }, null, 2)}\n`)
    }
    if (!(measured.delay.p99 < LIMIT_MS && loading.delay.p99 < LIMIT_MS) || count === 0) process.exitCode = 1
  } finally {
    await model.close()
  }
}

/** Other programs' turns on the processor are delays too. */
function busyNote (load: number): string {
  const cores = availableParallelism()
  return load > cores ? `The machine was busy before (load ${load.toFixed(1)} on ${cores} cores): part of these delays is other programs' work.\n` : ''
}

function row (name: string, { median, p99, longest }: LoopDelay): string[] {
  return [name, ...[median, p99, longest].map((value) => value.toFixed(2))]
}
