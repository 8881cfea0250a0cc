/** Numbers of a node's form, which arrive as texts. */
import { GoodpartsError, type ErrorCode } from '../../engine/errors.ts'

export interface Range {
  /** Default 0. */
  least?: number
  /** Default none. */
  most?: number
  /** Default GOODPARTS_ARGUMENT. */
  code?: ErrorCode
}

/** Nothing is no number. @throws GOODPARTS_ARGUMENT, or the code given */
export function readNumber (name: string, given: string | number, { least = 0, most = Infinity, code = 'GOODPARTS_ARGUMENT' }: Range = {}): number {
  return read(name, 'a number', given, least, most, code, Number.isFinite)
}

/** As `readNumber`, for counts. */
export function readWhole (name: string, given: string | number, { least = 0, most = Infinity, code = 'GOODPARTS_ARGUMENT' }: Range = {}): number {
  return read(name, 'a whole number', given, least, most, code, Number.isSafeInteger)
}

/** @throws GOODPARTS_ARGUMENT when it is none of the choices */
export function readChoice<Choice extends string> (name: string, given: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === given)
  if (found !== undefined) return found
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${name} to be one of ${choices.join(', ')}, got ${shown(given)}`)
}

function read (name: string, kind: string, given: string | number, least: number, most: number, code: ErrorCode, fits: (value: number) => boolean): number {
  const value = String(given).trim() === '' ? NaN : Number(given)
  if (fits(value) && value >= least && value <= most) return value
  throw new GoodpartsError(code, `Expected ${name} to be ${kind} from ${least}${most === Infinity ? '' : ` to ${most}`}, got ${shown(given)}`)
}

function shown (given: unknown): string {
  return given === '' || given === undefined ? 'nothing' : JSON.stringify(given)
}
