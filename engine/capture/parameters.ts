/** Values for a pipeline's parameters: typed, checked, defaulted. */
import type { PipelineDefinition, PipelineParameter } from '../../schemas/pipeline.ts'
import { GoodpartsError } from '../errors.ts'
import { readAll } from '../read-all.ts'
import { hasUserinfo, withoutPasswords } from './userinfo.ts'

export type ParameterValue = string | number | boolean

/** What a form, a recipe or a command line gives; texts are read by the parameter's type. */
export type GivenParameters = Readonly<Record<string, unknown>>

/**
 * The value of each parameter that has one.
 * @throws GOODPARTS_PIPELINE_PARAMETER for a name that is unknown, a value that is missing or does not fit
 */
export function readParameters (definition: PipelineDefinition, given: GivenParameters): Map<string, ParameterValue> {
  const known = new Set(definition.parameters.map(({ name }) => name))
  const strangers = Object.keys(given).filter((name) => !known.has(name))
  const { values } = readAll({
    names: () => {
      if (strangers.length > 0) throw new GoodpartsError('GOODPARTS_PIPELINE_PARAMETER', `Expected ${strangers.length === 1 ? 'a parameter' : 'parameters'} of ${definition.id} (${[...known].join(', ')}), got ${strangers.join(', ')}`)
    },
    values: () => readAll<Record<string, ParameterValue | undefined>>(Object.fromEntries(definition.parameters.map((parameter) => [parameter.name, () => {
      const value = readParameter(parameter, Object.hasOwn(given, parameter.name) ? given[parameter.name] : undefined)
      if (value === undefined && parameter.required) throw wrong(parameter, 'given', 'nothing')
      return value
    }])))
  })
  return new Map(Object.entries(values).filter((entry): entry is [string, ParameterValue] => entry[1] !== undefined))
}

/** `undefined` where there is none; an empty text is none. */
function readParameter (parameter: PipelineParameter, given: unknown): ParameterValue | undefined {
  const absent = given === undefined || given === null || given === ''
  const value = absent ? parameter.default : given
  if (value === null || value === '') return undefined
  switch (parameter.type) {
    case 'integer': return readNumber(parameter, value, true)
    case 'number': return readNumber(parameter, value, false)
    case 'boolean':
      if (value === true || value === 'true') return true
      if (value === false || value === 'false') return false
      throw wrong(parameter, 'true or false', value)
    case 'choice': {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      if (parameter.choices?.includes(text) !== true) throw wrong(parameter, `one of ${parameter.choices?.join(', ') ?? 'no choices'}`, value)
      return text
    }
    case 'uri': return readUri(parameter, readText(parameter, value))
    case 'string': case 'path': case 'secret': case 'launch': return readText(parameter, value)
  }
}

function readNumber (parameter: PipelineParameter, value: unknown, whole: boolean): number {
  const number = typeof value === 'number' ? value : typeof value === 'string' && /^\s*[+-]?[\d.]+(e[+-]?\d+)?\s*$/i.test(value) ? Number(value) : NaN
  const { minimum = -Number.MAX_VALUE, maximum = Number.MAX_VALUE } = parameter
  if (!Number.isFinite(number) || (whole && !Number.isSafeInteger(number)) || number < minimum || number > maximum) {
    const range = parameter.minimum === undefined && parameter.maximum === undefined ? '' : ` from ${parameter.minimum ?? '-∞'} to ${parameter.maximum ?? '∞'}`
    throw wrong(parameter, `${whole ? 'a whole number' : 'a number'}${range}`, value)
  }
  return number
}

function readText (parameter: PipelineParameter, value: unknown): string {
  if (typeof value !== 'string') throw wrong(parameter, 'a text', value)
  // A zero byte would end the text early once it is in C.
  if (value.includes('\0')) throw wrong(parameter, 'a text without zero bytes', value)
  return value
}

function readUri (parameter: PipelineParameter, value: string): string {
  const scheme = URL.canParse(value) ? /^([a-z][a-z0-9+.-]*):\/\//i.exec(value)?.[1]?.toLowerCase() : undefined
  if (scheme === undefined || parameter.schemes?.includes(scheme) === false) {
    throw wrong(parameter, parameter.schemes === undefined ? 'an address' : `an address beginning with ${parameter.schemes.map((name) => `${name}://`).join(' or ')}`, withoutPasswords(value))
  }
  // It would lie in the flow file for everybody to read.
  if (hasUserinfo(value)) {
    throw new GoodpartsError('GOODPARTS_PIPELINE_PARAMETER', `Expected parameter ${parameter.name} to be an address without user and password, got one with`, {
      fix: 'Leave them out of the address, and give them as user and password, which are kept apart'
    })
  }
  return value
}

function wrong (parameter: PipelineParameter, expected: string, got: unknown): GoodpartsError {
  const shown = parameter.type === 'secret' ? 'a secret' : JSON.stringify(got) as string | undefined ?? String(got)
  return new GoodpartsError('GOODPARTS_PIPELINE_PARAMETER', `Expected parameter ${parameter.name} to be ${expected}, got ${got === 'nothing' ? got : shown}`)
}
