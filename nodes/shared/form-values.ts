/** Values of a node's form, which arrive as texts, and from a flow file that was written by hand as anything. */
import { inspect } from 'node:util'
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

/** Without space around it; nothing is an empty one. @throws GOODPARTS_ARGUMENT for what is no text and no number */
export function readText (name: string, given: unknown): string {
  if (given === undefined || given === null) return ''
  if (typeof given === 'string' || typeof given === 'number') return String(given).trim()
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${name} to be a text, got ${shown(given)}`)
}

/** Characters of a value that a message shows. */
const most = 300

/** Of anything, in so few words that they fit into a message. */
export function shown (given: unknown): string {
  if (given === '' || given === undefined) return 'nothing'
  if (typeof given === 'string') return JSON.stringify(given.slice(0, most))
  return inspect(given, { depth: 1, maxArrayLength: 4, maxStringLength: 60, breakLength: Infinity }).slice(0, most)
}

function read (name: string, kind: string, given: string | number, least: number, most: number, code: ErrorCode, fits: (value: number) => boolean): number {
  const value = String(given).trim() === '' ? NaN : Number(given)
  if (fits(value) && value >= least && value <= most) return value
  throw new GoodpartsError(code, `Expected ${name} to be ${kind} from ${least}${most === Infinity ? '' : ` to ${most}`}, got ${shown(given)}`)
}
