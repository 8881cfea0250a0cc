/** What options of detectors can be, and the check of what was given. */
import type { JsonValue } from '../../schemas/bundle.ts'
import { GoodpartsError } from '../errors.ts'
import { readAll } from '../read-all.ts'
import { selfTrained } from './backbone-features/chosen-backbone.ts'
import type { BackboneOptions, EncoderOptions } from './backbone-features/chosen-backbone.ts'

export interface Rule { expected: string, holds (value: JsonValue): boolean }

export const wholeFrom = (least: number, most: number): Rule => ({
  expected: `a whole number from ${least} to ${most}`,
  holds: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most
})
export const numberFrom = (least: number, most: number): Rule => ({
  expected: `a number from ${least} to ${most}`,
  holds: (value) => typeof value === 'number' && value >= least && value <= most
})
export const oneOf = (...values: Array<string | boolean>): Rule => ({ expected: `one of ${values.join(', ')}`, holds: (value) => values.includes(value as string) })
export const text: Rule = { expected: 'a text', holds: (value) => typeof value === 'string' && value !== '' }
export const orAuto = (rule: Rule): Rule => ({ expected: `auto or ${rule.expected}`, holds: (value) => value === 'auto' || rule.holds(value) })
const threeNumbers: Rule = { expected: 'three numbers', holds: (value) => Array.isArray(value) && value.length === 3 && value.every((item) => typeof item === 'number' && Number.isFinite(item)) }

export const backboneRules: Record<keyof BackboneOptions, Rule> = {
  backbone: { expected: `efficientnet-lite0 or the path of an ONNX file (${selfTrained} is for patch-memory and density)`, holds: (value) => text.holds(value) && value !== selfTrained },
  backboneLayers: { expected: 'a list of tensor names', holds: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string') },
  backboneMean: threeNumbers,
  backboneDeviation: threeNumbers
}

export const encoderRules: Record<keyof EncoderOptions, Rule> = { ...backboneRules, backbone: text, encoderSteps: wholeFrom(1, 1_000_000) }

/** @throws GOODPARTS_ARGUMENT for an option that does not exist or a value that it cannot have. */
export function readOptions<Options extends object> (family: string, rules: Readonly<Record<keyof Options & string, Rule>>, defaults: Options, given: Readonly<Record<string, JsonValue>>): Options {
  const strangers = Object.keys(given).filter((name) => !Object.hasOwn(rules, name))
  readAll({
    names: () => {
      if (strangers.length > 0) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${strangers.length === 1 ? 'an option' : 'options'} of ${family} (${Object.keys(rules).join(', ')}), got ${strangers.join(', ')}`)
    },
    ...Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(rules, name)).map(([name, value]) => [`value of ${name}`, () => {
      const rule = rules[name as keyof Options & string]
      if (!rule.holds(value)) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${name} to be ${rule.expected}, got ${JSON.stringify(value)}`)
    }]))
  })
  return { ...defaults, ...given }
}
