/** Values of options, checked where commander reads them. */
import { InvalidArgumentError } from 'commander'
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

/** `name=value`; values are JSON where they can be, else text. */
export function readSetting (text: string, earlier: Settings): Settings {
  const [name = '', ...rest] = text.split('=')
  const value = rest.join('=')
  try {
    return { ...earlier, [name]: JSON.parse(value) as JsonValue }
  } catch {
    return { ...earlier, [name]: value }
  }
}
