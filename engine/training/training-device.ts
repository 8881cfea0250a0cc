/** Which device the train steps run on: tried with a few of them and timed beside the processor, never guessed. */
import { fileURLToPath } from 'node:url'
import { asGoodpartsError, GoodpartsError } from '../errors.ts'
import { inProcessOfItsOwn } from '../process-of-its-own.ts'
import { automaticDevices } from '../runtime/device-choice.ts'
import type { Device, DeviceRequest } from '../runtime/loaded-model.ts'
import { describeRuntime } from '../runtime/onnx-runtime.ts'
import { siblingModule } from '../sibling-module.ts'
import type { DeviceTrialJob, StepTimes } from './device-trial-process.ts'

export interface TrainingDevice {
  device: Device
  /** For a person, with the times. */
  reason: string
}

export interface TrainingDeviceContext {
  /** Devices that the runtime's binary was built with. */
  devices?: readonly string[]
  /** Trains a small network there; rejects when it cannot. */
  trial?: (device: Device, threads: number) => Promise<StepTimes>
}

/** A first start on a graphics processor compiles its programs. */
const limitMs = 120_000
/** Relative to the loss on the processor. */
const tolerance = 1e-3

/**
 * `auto` takes the fastest of those that train as the processor does, the processor among them.
 * @param threads Of the processor.
 * @throws GOODPARTS_DEVICE_UNAVAILABLE when the one device asked for cannot train.
 */
export async function chooseTrainingDevice (asked: DeviceRequest, threads: number, { devices, trial = trialInProcess }: TrainingDeviceContext = {}): Promise<TrainingDevice> {
  if (asked === 'cpu') return { device: 'cpu', reason: 'cpu as asked for' }
  const built = devices ?? (await describeRuntime()).devices
  const candidates = asked === 'auto' ? automaticDevices.filter((device) => built.includes(device)) : [asked]
  if (candidates.length === 0) return { device: 'cpu', reason: 'cpu: this ONNX Runtime has no other device' }
  const processor = await trial('cpu', threads)
  const tried: Tried[] = []
  for (const device of candidates) tried.push(await tryDevice(device, processor, () => trial(device, threads)))
  const texts = tried.map(({ device, milliseconds }) => milliseconds === null ? `${device} cannot train` : `${device} ${shown(milliseconds)}`)
  const [first] = tried as [Tried, ...Tried[]]
  if (asked !== 'auto' && first.milliseconds === null) {
    throw new GoodpartsError('GOODPARTS_DEVICE_UNAVAILABLE', `Expected the device ${asked} to train, got: ${first.why}`,
      { fix: 'Choose the device auto or cpu, or install the driver and run goodparts doctor.' })
  }
  const fastest = tried.reduce((best, each) => (each.milliseconds ?? Infinity) < (best.milliseconds ?? Infinity) ? each : best)
  const device = asked !== 'auto' ? asked : (fastest.milliseconds ?? Infinity) < processor.milliseconds ? fastest.device : 'cpu'
  return { device, reason: `${device}${asked === 'auto' ? ', the fastest' : ' as asked for'} (a train step of a small network: cpu ${shown(processor.milliseconds)}, ${texts.join(', ')})` }
}

interface Tried {
  device: Device
  /** Of a train step; `null` when it cannot train. */
  milliseconds: number | null
  /** Why not. */
  why: string
}

async function tryDevice (device: Device, expected: StepTimes, trial: () => Promise<StepTimes>): Promise<Tried> {
  try {
    const { losses, milliseconds } = await trial()
    const difference = Math.max(...expected.losses.map((loss, index) => Math.abs((losses[index] ?? NaN) - loss) / loss))
    return difference < tolerance
      ? { device, milliseconds, why: '' }
      : { device, milliseconds: null, why: `its losses differ from those of the processor by ${difference.toExponential(1)}, more than ${tolerance}` }
  } catch (cause) {
    const { code, message } = asGoodpartsError(cause, 'GOODPARTS_DEVICE_UNAVAILABLE')
    return { device, milliseconds: null, why: code === 'GOODPARTS_FIT_CANCELLED' ? `it did not answer within ${limitMs / 1000} s` : message.trim() }
  }
}

/** A driver that crashes or hangs takes only that process with it. */
async function trialInProcess (device: Device, threads: number): Promise<StepTimes> {
  const path = fileURLToPath(siblingModule(import.meta.url, './device-trial-process'))
  return await inProcessOfItsOwn<DeviceTrialJob>(path, { device, threads }, { name: 'trial', progress: () => {}, signal: AbortSignal.timeout(limitMs) })
}

function shown (milliseconds: number): string {
  return `${milliseconds < 100 ? milliseconds.toPrecision(3) : milliseconds.toFixed(0)} ms`
}
