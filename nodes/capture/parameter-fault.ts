/** What is wrong with the values of a pipeline's form, by the same rules as when it runs. For the editor: touches nothing of Node.js. */
import { readParameters } from '../../engine/capture/parameters.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import type { PipelineDefinition } from '../../schemas/pipeline.ts'

/** A site's value from the environment is known only where the flow runs. */
export const isVariable = (value: unknown): boolean => typeof value === 'string' && value.startsWith('${')

/** `null` where all is well. Secrets are kept apart, and values of other pipelines may stay in the form. */
export function parameterFault (definition: PipelineDefinition, values: Readonly<Record<string, unknown>>): string | null {
  const parameters = definition.parameters.filter(({ name, type }) => type !== 'secret' && !isVariable(values[name]))
  const given = Object.fromEntries(parameters.filter(({ name }) => Object.hasOwn(values, name)).map(({ name }) => [name, values[name]]))
  try {
    readParameters({ ...definition, parameters }, given)
    return null
  } catch (error) {
    if (error instanceof GoodpartsError) return error.message
    throw error
  }
}
