/** Values of options, checked where commander reads them. */
import { InvalidArgumentError } from 'commander'
import { GoodpartsError } from '../engine/errors.ts'
import type { Device, DeviceRequest } from '../engine/runtime/loaded-model.ts'
import type { JsonValue } from '../schemas/bundle.ts'

/** Options of a detector by name. */
export interface Settings { [name: string]: JsonValue }

export function wholeNumber (least: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < least) throw new InvalidArgumentError(`Expected a whole number from ${least}.`)
    return value
  }
}

export function positiveNumber (text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('Expected a number above 0.')
  return value
}

export function portNumber (text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 65535) throw new InvalidArgumentError('Expected a port from 1 to 65535.')
  return value
}

const devices: readonly Device[] = ['cpu', 'cuda', 'tensorrt', 'webgpu']

export function deviceName (text: string): Device {
  return known(devices, '--device', text)
}

export function deviceRequest (text: string): DeviceRequest {
  return known<DeviceRequest>(['auto', ...devices], '--device', text)
}

function known<Name extends string> (names: readonly Name[], option: string, text: string): Name {
  const found = names.find((name) => name === text)
  if (found === undefined) throw refused(`${option} to be one of ${names.join(', ')}`, text, `Give one of them, for example ${option} ${names[0] ?? ''}.`)
  return found
}

/** Of a tile with its neighbour. */
export function readOverlap (text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 0.5)) throw refused('--overlap to be a share from 0 to 0.5', text, 'For example --overlap 0.25.')
  return value
}

export function readTiles (text: string): string {
  if (!/^(auto|[1-8]x[1-8])$/.test(text)) throw refused('--tiles to be auto, or columns and rows, each from 1 to 8', text, 'For example --tiles 3x2.')
  return text
}

export function readSeeds (text: string): number[] {
  const seeds = text.split(',').map((part) => part.trim() === '' ? NaN : Number(part))
  if (!seeds.every((seed) => Number.isInteger(seed) && seed >= 0)) throw refused('--seeds to be whole numbers from 0 with commas between', text, 'For example --seeds 0,1,2.')
  return seeds
}

/** `name=value`. */
export function readPair (option: string, example: string, text: string): [name: string, value: string] {
  const at = text.indexOf('=')
  if (at < 1) throw refused(`${option} to be name=value`, text, `For example ${option} ${example}.`)
  return [text.slice(0, at), text.slice(at + 1)]
}

function refused (expected: string, got: string, fix: string): GoodpartsError {
  return new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${expected}, got ${got}`, { fix })
}

/** `name=value`; values are JSON where they can be, else text. */
export function readSetting (text: string, earlier: Settings): Settings {
  const [name, value] = readPair('--set', 'mapSigma=4; docs/detectors.md has the options of each family', text)
  try {
    return { ...earlier, [name]: JSON.parse(value) as JsonValue }
  } catch {
    return { ...earlier, [name]: value }
  }
}
