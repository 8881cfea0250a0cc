/** Pipelines as data: `native-pipelines/*.json`, checked by schema and by meaning when loaded. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PipelineDefinition, PipelineParameter } from '../../schemas/pipeline.ts'
import { GoodpartsError } from '../errors.ts'
import { validate } from '../schema-validation.ts'
import { factoriesOf, namesOf, parseLaunch } from './launch-text.ts'

/** The same relative place from a checkout and from dist/. */
const shipped = fileURLToPath(new URL('../../native-pipelines', import.meta.url))

/**
 * Every definition of a folder in order of id; those that ship by default.
 * @throws GOODPARTS_SCHEMA_INVALID, GOODPARTS_PIPELINE_INVALID naming the file
 */
export function loadPipelines (folder: string = shipped): PipelineDefinition[] {
  return readdirSync(folder).filter((file) => file.endsWith('.json')).sort().map((file) => {
    const definition = validate('pipeline', JSON.parse(readFileSync(join(folder, file), 'utf8')))
    if (`${definition.id}.json` !== file) throw new GoodpartsError('GOODPARTS_PIPELINE_INVALID', `Expected ${file} to have the id ${file.slice(0, -5)}, got ${definition.id}`)
    checkDefinition(definition)
    return definition
  })
}

/** @throws GOODPARTS_PIPELINE_INVALID when there is none of this id. */
export function loadPipeline (id: string, folder: string = shipped): PipelineDefinition {
  const all = loadPipelines(folder)
  const found = all.find((definition) => definition.id === id)
  if (found === undefined) throw new GoodpartsError('GOODPARTS_PIPELINE_INVALID', `Expected a pipeline of ${all.map((definition) => definition.id).join(', ')}, got ${id}`)
  return found
}

/** Names in braces. */
export const PLACEHOLDER = /\{([a-z][A-Za-z0-9]*)\}/g

/**
 * That no text a person writes can get into the launch text, and that what is set has somewhere to go.
 * @throws GOODPARTS_PIPELINE_INVALID
 */
export function checkDefinition (definition: PipelineDefinition): void {
  const fail = (text: string): never => { throw new GoodpartsError('GOODPARTS_PIPELINE_INVALID', `Pipeline ${definition.id}: ${text}`) }
  const parameters = new Map(definition.parameters.map((parameter) => [parameter.name, parameter]))
  const placed = [...definition.launch.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '')
  for (const name of placed) {
    const parameter = parameters.get(name)
    if (parameter === undefined) fail(`Expected {${name}} to be a parameter, got none`)
    else if (!mayStandInText(parameter)) fail(`Expected {${name}} to be a number, boolean or choice with a default, got ${parameter.type}; use "set"`)
  }
  const launch = parseLaunch(definition.launch.replace(PLACEHOLDER, (_, name: string) => parameters.get(name)?.type === 'launch' ? 'identity' : String(parameters.get(name)?.default)))
  const names = namesOf(launch)
  /** Custom text may name secrets wherever it likes. */
  const isCustom = definition.parameters.some(({ type }) => type === 'launch')
  for (const { name, set, type } of definition.parameters) {
    if (set !== undefined && !names.includes(set.element)) fail(`Expected parameter ${name} to be set on one of ${names.join(', ')}, got ${set.element}`)
    if (isCustom && type === 'secret') continue
    if (set === undefined && definition.feed === undefined && !placed.includes(name)) fail(`Expected parameter ${name} to be set somewhere`)
    if (type === 'secret' && set === undefined) fail(`Expected the secret ${name} to be set on an element`)
  }
  if (definition.feed !== undefined && !names.includes('feed')) fail('Expected an appsrc named feed')
  const missing = factoriesOf(launch).filter((factory) => factory !== 'identity' && !definition.requiredElements.includes(factory))
  if (missing.length > 0) fail(`Expected requiredElements to name ${missing.join(', ')}`)
}

function mayStandInText (parameter: PipelineParameter): boolean {
  if (parameter.type === 'launch') return true
  if (parameter.default === null) return false
  if (parameter.type === 'choice') return (parameter.choices ?? []).every((choice) => /^[A-Za-z0-9/+_.-]+$/.test(choice))
  return parameter.type === 'integer' || parameter.type === 'number' || parameter.type === 'boolean'
}
