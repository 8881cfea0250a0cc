/** Checks at the edges: values that enter or leave the process against the JSON Schemas generated from `schemas/*.ts`. */
import { readFileSync } from 'node:fs'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import type { BundleMetadata } from '../schemas/bundle.ts'
import type { CaptureEvent } from '../schemas/capture-event.ts'
import type { ComparisonReport } from '../schemas/comparison.ts'
import type { ContinualReport } from '../schemas/continual.ts'
import type { ContinualUpdatesReport } from '../schemas/continual-updates.ts'
import type { EvaluationReport } from '../schemas/evaluation.ts'
import type { FrameHeader } from '../schemas/frame.ts'
import type { InspectionRecord } from '../schemas/inspection.ts'
import type { LearningSheet } from '../schemas/learning.ts'
import type { LiveMessage } from '../schemas/live.ts'
import type { PipelineDefinition } from '../schemas/pipeline.ts'
import { GoodpartsError } from './errors.ts'

/** Name of a schema file → the type that it was generated from. */
export interface SchemaTypes {
  bundle: BundleMetadata
  'capture-event': CaptureEvent
  comparison: ComparisonReport
  continual: ContinualReport
  'continual-updates': ContinualUpdatesReport
  evaluation: EvaluationReport
  frame: FrameHeader
  inspection: InspectionRecord
  learning: LearningSheet
  live: LiveMessage
  pipeline: PipelineDefinition
}

export type SchemaName = keyof SchemaTypes

const compiled = new Map<SchemaName, ValidateFunction>()
let ajv: Ajv | undefined

/**
 * The same value, now of its type.
 * @throws GOODPARTS_SCHEMA_INVALID, which names the path inside the value, what was expected there and what was found
 */
export function validate<Name extends SchemaName> (name: Name, value: unknown): SchemaTypes[Name] {
  const check = compiled.get(name) ?? compile(name)
  if (check(value)) return value as SchemaTypes[Name]
  throw new GoodpartsError('GOODPARTS_SCHEMA_INVALID', describe(name, mostTelling(check.errors ?? [])))
}

function compile (name: SchemaName): ValidateFunction {
  if (ajv === undefined) {
    ajv = new Ajv({ verbose: true, allowUnionTypes: true })
    formats.default(ajv, ['date-time'])
  }
  // The same relative place from a checkout and from dist/.
  const schema = JSON.parse(readFileSync(new URL(`../schemas/${name}.schema.json`, import.meta.url), 'utf8')) as object
  const check = ajv.compile(schema)
  compiled.set(name, check)
  return check
}

/** A union reports one error per branch: the one furthest inside belongs to the branch that was meant. */
function mostTelling (errors: ErrorObject[]): ErrorObject | undefined {
  const depth = (error: ErrorObject): number => error.instancePath.split('/').length - (isUnion(error) ? 0.5 : 0)
  return errors.reduce<ErrorObject | undefined>((best, error) => best === undefined || depth(error) > depth(best) ? error : best, undefined)
}

function isUnion (error: ErrorObject): boolean {
  return error.keyword === 'anyOf' || error.keyword === 'const' || error.keyword === 'enum'
}

function describe (name: SchemaName, error: ErrorObject | undefined): string {
  if (error === undefined) return `Expected ${name} to match its schema`
  const path = `${name}${error.instancePath.replaceAll('/', '.')}`
  switch (error.keyword) {
    case 'required': return `Expected ${path}.${String(error.params.missingProperty)} to be present, got nothing`
    case 'additionalProperties': return `Expected ${path} to have known properties only, got ${JSON.stringify(error.params.additionalProperty)}`
    case 'const': return `Expected ${path} to be ${JSON.stringify(error.params.allowedValue)}, got ${found(error.data)}`
    case 'enum': return `Expected ${path} to be one of ${JSON.stringify(error.params.allowedValues)}, got ${found(error.data)}`
    case 'type': return `Expected ${path} to be ${[error.params.type].flat().join(' or ')}, got ${found(error.data)}`
    case 'format': return `Expected ${path} to be a ${String(error.params.format)}, got ${found(error.data)}`
    default: return `Expected ${path} to pass "${error.message ?? error.keyword}", got ${found(error.data)}`
  }
}

function found (value: unknown): string {
  try {
    const text = JSON.stringify(value) as string | undefined ?? String(value)
    return text.length > 80 ? `${text.slice(0, 77)}...` : text
  } catch {
    return typeof value
  }
}
