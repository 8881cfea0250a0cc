/** Values of options, checked where commander reads them. */
import { InvalidArgumentError } from 'commander'

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
