/** The form of a model, checked. Pure. */
import { isAbsolute, join } from 'node:path'
import { GoodpartsError } from '../../engine/errors.ts'
import type { DeviceRequest } from '../../engine/runtime/loaded-model.ts'
import type { ModelSlotOptions } from '../../engine/decision/model-slot.ts'
import { apart, readAll, together } from '../../engine/read-all.ts'
import { readChoice, readText, readWhole } from '../shared/form-values.ts'

export interface ModelForm {
  /** Path of the bundle; relative to the folder of bundles. */
  bundle: string
  device: string
  workers: string
  /** Percent. */
  reviewRate: string
  /** Percent. */
  rejectRate: string
}

export interface ModelSettings {
  path: string
  rates: { reviewRate: number, rejectRate: number }
  slot: ModelSlotOptions
}

const devices: readonly DeviceRequest[] = ['auto', 'cpu', 'cuda', 'tensorrt', 'webgpu']

/** Where bundles are kept unless a whole path is given. */
function bundleFolder (userFolder: string): string {
  return join(userFolder, 'goodparts', 'bundles')
}

/** A bundle's name to its path; `.onnx` is added where it is missing. @throws GOODPARTS_ARGUMENT for nothing or a way out of the folder. */
export function bundlePath (name: unknown, userFolder: string): string {
  const wanted = readText('the bundle', name)
  if (wanted === '') throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected a bundle file to be named, got nothing')
  const file = wanted.endsWith('.onnx') ? wanted : `${wanted}.onnx`
  if (isAbsolute(file)) return file
  const folder = bundleFolder(userFolder)
  const path = join(folder, file)
  if (!path.startsWith(join(folder, '/'))) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the bundle to lie under ${folder}, got ${wanted}`)
  return path
}

/** For the nodes that name a model node whose form is wrong: not they are what a person has to mend. */
export function modelNotConfigured (formError: GoodpartsError): GoodpartsError {
  const [first, ...others] = apart(formError) as [GoodpartsError, ...GoodpartsError[]]
  const told = (message: string): GoodpartsError => new GoodpartsError('GOODPARTS_ARGUMENT', message, { fix: formError.fix ?? 'Mend the form of the model node.' })
  return together(told(`The chosen model node is not configured: ${first.message}`), ...others.map(({ message }) => told(message)))
}

/** @throws GOODPARTS_ARGUMENT */
export function readModelForm (form: ModelForm, userFolder: string): ModelSettings {
  const { path, device, workers, rates } = readAll({
    path: () => bundlePath(form.bundle, userFolder),
    device: () => readChoice('the device', form.device, devices),
    workers: () => form.workers === 'auto' || form.workers === '' ? 'auto' as const : readWhole('workers, unless auto,', form.workers, { least: 1, most: 256 }),
    rates: () => readRates(form)
  })
  return { path, rates, slot: { device, workers, ...rates } }
}

function readRates (form: ModelForm): ModelSettings['rates'] {
  const rates = readAll({ reviewRate: () => share('review rate', form.reviewRate), rejectRate: () => share('reject rate', form.rejectRate) })
  if (rates.rejectRate > rates.reviewRate) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the reject rate to be at most the review rate, got ${form.rejectRate} and ${form.reviewRate} %`)
  return rates
}

function share (name: string, percent: string): number {
  const value = Number(percent)
  if (percent === '' || !(value > 0 && value < 100)) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the ${name} to be above 0 and below 100 %, got ${percent}`)
  return value / 100
}
