/** Which device runs a bundle, in how many threads: tried and timed, never guessed. */
import { availableParallelism } from 'node:os'
import type { BundleMetadata } from '../../schemas/bundle.ts'
import { asGoodpartsError, GoodpartsError } from '../errors.ts'
import { probeDevice, type ProbeDevice } from './device-probe.ts'
import type { Device, DeviceChoice, DeviceRequest, DeviceTrial } from './loaded-model.ts'
import { describeRuntime } from './onnx-runtime.ts'
import { goldenPart } from './threaded-model.ts'
import { measureThroughput, type ProcessorTime } from './throughput.ts'

export interface ChoiceRequest {
  device: DeviceRequest
  /** Inference threads. */
  workers: number | 'auto'
  /** Intra-op threads of each. */
  threads: number | 'auto'
}

export interface ChoiceContext {
  cores?: number
  /** Devices that the runtime's binary was built with. */
  devices?: readonly string[]
  probe?: ProbeDevice
  processorTime?: ProcessorTime
}

interface Loaded { bytes: Uint8Array, metadata: BundleMetadata }

/** About a second for all the ways of using the processor. */
const BUDGET_MS = 1000
/** What `auto` tries beside the processor. */
export const automaticDevices: readonly Device[] = ['cuda', 'webgpu']
/** With less of the processor than this, a layout was timed beside other work. */
const undisturbed = 0.7
/** Another thread layout must be this much faster to be worth its memory and its load on the main thread. */
const worthwhile = 1.1

/**
 * @throws GOODPARTS_DEVICE_UNAVAILABLE when the one device asked for cannot run the bundle; GOODPARTS_BUNDLE_GOLDEN when not even the
 *   CPU gives the bundle's answers
 */
export async function chooseDevice (bundle: Loaded, request: ChoiceRequest, context: ChoiceContext = {}): Promise<DeviceChoice> {
  const devices = context.devices ?? (await describeRuntime()).devices
  const asked = request.device === 'auto' ? automaticDevices.filter((device) => devices.includes(device)) : request.device === 'cpu' ? [] : [request.device]
  const trials: DeviceTrial[] = []
  for (const device of asked) trials.push(await tryDevice(bundle, device, context.probe ?? probeDevice))
  const elsewhere = fastest(trials)
  if (request.device !== 'auto' && request.device !== 'cpu') {
    if (elsewhere === undefined) {
      throw new GoodpartsError('GOODPARTS_DEVICE_UNAVAILABLE', `Expected the device ${request.device} to run bundle ${bundle.metadata.id}, got: ${trials[0]?.reason ?? 'no trial'}`,
        { fix: 'Choose the device auto or cpu, or install the driver and run goodparts doctor.' })
    }
    return { device: elsewhere.device, threads: 1, workers: count(request.workers, 1), reason: `${elsewhere.device} as asked for: ${shown(elsewhere.imagesPerSecond)}`, trials }
  }
  const processor = await chooseLayout(bundle, request, context)
  const all = [...trials, ...processor.trials]
  if (elsewhere?.imagesPerSecond != null && elsewhere.imagesPerSecond > (fastest(processor.trials)?.imagesPerSecond ?? Infinity)) {
    return { device: elsewhere.device, threads: 1, workers: count(request.workers, 1), reason: `${elsewhere.device} is the fastest of what runs this bundle: ${shown(elsewhere.imagesPerSecond)}`, trials: all }
  }
  const others = trials.map(({ device, imagesPerSecond, reason }) => imagesPerSecond === null ? `${device} cannot run it` : `${device} ${reason}`).join(', ')
  return { ...processor, trials: all, reason: others === '' ? processor.reason : `${processor.reason} (${others})` }
}

async function tryDevice (bundle: Loaded, device: Device, probe: ProbeDevice): Promise<DeviceTrial> {
  const answer = await probe(bundle.bytes, device, BUDGET_MS / 2)
  if ('error' in answer) return { device, threads: 1, imagesPerSecond: null, goldenDifference: null, reason: answer.error.trim() }
  const { imagesPerSecond, goldenDifference } = answer.result
  return { device, threads: 1, imagesPerSecond, goldenDifference, reason: shown(imagesPerSecond) }
}

/** How many inference threads with how many intra-op threads each. */
async function chooseLayout (bundle: Loaded, request: ChoiceRequest, { cores = availableParallelism(), processorTime }: ChoiceContext): Promise<DeviceChoice> {
  const layouts = candidateLayouts(request, cores)
  const only = layouts.length === 1 ? layouts[0] : undefined
  if (only !== undefined && request.workers !== 'auto') {
    const reason = `cpu, ${layoutText(only)}, as asked for`
    return { device: 'cpu', ...only, reason, trials: [{ device: 'cpu', threads: only.threads, imagesPerSecond: null, goldenDifference: null, reason }] }
  }
  const trials: LayoutTrial[] = []
  for (const layout of layouts) trials.push(await tryLayout(bundle, layout, BUDGET_MS / layouts.length, processorTime))
  const best = trials.reduce<LayoutTrial | undefined>((chosen, trial) =>
    trial.imagesPerSecond !== null && trial.imagesPerSecond > worthwhile * (chosen?.imagesPerSecond ?? 0) ? trial : chosen, undefined)
  if (best === undefined) throw new GoodpartsError('GOODPARTS_INFERENCE_FAILED', `Expected the CPU to run bundle ${bundle.metadata.id}, got: ${trials[0]?.reason ?? 'no trial'}`)
  const { threads, workers, imagesPerSecond } = best
  const disturbed = isDisturbed(trials)
  return {
    device: 'cpu',
    threads,
    workers,
    reason: `cpu, ${layoutText(best)}: ${shown(imagesPerSecond)}${disturbed ? ', timed beside other work' : ''}`,
    trials: trials.map(({ workers: _workers, processorShare: _share, ...trial }) => trial),
    ...(disturbed ? { disturbed: true } : {})
  }
}

/** Threads of one session wait for each other on an idle machine too: where single ones were tried, only they tell. */
function isDisturbed (trials: readonly LayoutTrial[]): boolean {
  const single = trials.filter(({ threads }) => threads === 1)
  return (single.length > 0 ? single : trials).some(({ processorShare }) => processorShare !== null && processorShare < undisturbed)
}

interface Layout { workers: number, threads: number }
interface LayoutTrial extends DeviceTrial, Layout { processorShare: number | null }

/** Fewest inference threads first. Both numbers are powers of two that together use the cores, and one of each. */
function candidateLayouts ({ workers, threads }: ChoiceRequest, cores: number): Layout[] {
  const powers = Array.from({ length: Math.floor(Math.log2(cores)) + 1 }, (_, exponent) => 2 ** exponent)
  const all = workers !== 'auto' || threads !== 'auto'
    ? (workers === 'auto' ? powers : [workers]).flatMap((w) => (threads === 'auto' ? [...new Set([1, Math.max(1, Math.floor(cores / w))])] : [threads]).map((t) => ({ workers: w, threads: t })))
    : [{ workers: 1, threads: 1 }, ...powers.map((w) => ({ workers: w, threads: Math.max(1, Math.floor(cores / w)) }))]
  return all.filter((layout, index) => all.findIndex((other) => other.workers === layout.workers && other.threads === layout.threads) === index)
}

async function tryLayout ({ bytes, metadata }: Loaded, { workers, threads }: Layout, milliseconds: number, processorTime?: ProcessorTime): Promise<LayoutTrial> {
  try {
    const { imagesPerSecond, goldenDifference, processorShare } = await measureThroughput({ bytes, metadata: goldenPart(metadata), device: 'cpu', threads }, workers, milliseconds, processorTime)
    return { device: 'cpu', workers, threads, processorShare, imagesPerSecond, goldenDifference, reason: `${layoutText({ workers, threads })}: ${shown(imagesPerSecond)}` }
  } catch (error) {
    const failure = asGoodpartsError(error, 'GOODPARTS_INFERENCE_FAILED')
    // Another layout would fail the same way, unless it was memory or a thread that failed.
    if (failure.code !== 'GOODPARTS_INFERENCE_FAILED') throw failure
    return { device: 'cpu', workers, threads, processorShare: null, imagesPerSecond: null, goldenDifference: null, reason: failure.message }
  }
}

function fastest (trials: readonly DeviceTrial[]): DeviceTrial | undefined {
  return trials.reduce<DeviceTrial | undefined>((best, trial) => trial.imagesPerSecond !== null && trial.imagesPerSecond > (best?.imagesPerSecond ?? 0) ? trial : best, undefined)
}

function count (workers: number | 'auto', otherwise: number): number {
  return workers === 'auto' ? otherwise : workers
}

function layoutText ({ workers, threads }: Layout): string {
  return `${workers} ${workers === 1 ? 'worker' : 'workers'} of ${threads} ${threads === 1 ? 'thread' : 'threads'}`
}

function shown (imagesPerSecond: number | null): string {
  if (imagesPerSecond === null) return 'not measured'
  return `${imagesPerSecond < 100 ? imagesPerSecond.toPrecision(3) : imagesPerSecond.toFixed(0)} images/s`
}
