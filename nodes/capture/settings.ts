/** The form of a capture node, all texts as the editor saves them, to what the engine takes. Pure. */
import { compilePipeline, type CaptureOutput } from '../../engine/capture/compile.ts'
import { readParameters } from '../../engine/capture/parameters.ts'
import type { PropertyValue } from '../../engine/capture/host-protocol.ts'
import type { SupervisorOptions } from '../../engine/capture/supervisor.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import type { PipelineDefinition } from '../../schemas/pipeline.ts'
import { readAll } from '../../engine/read-all.ts'
import { readNumber, readText, shown } from '../shared/form-values.ts'

export interface CaptureForm {
  name: string
  source: string
  pipeline: string
  /** By name of the parameter, secrets excepted. */
  parameters: Record<string, unknown>
  width: string
  height: string
  channels: string
  maximumRate: string
  cropLeft: string
  cropTop: string
  cropRight: string
  cropBottom: string
  policy: string
  triggered: boolean
  watchdog: string
  endOfStream: string
  autostart: boolean
}

/** Kept by Node-RED apart from the flow. */
export interface CaptureCredentials {
  user?: string
  password?: string
}

/** @throws GOODPARTS_PIPELINE_INVALID, GOODPARTS_PIPELINE_PARAMETER */
export function readCaptureForm (form: CaptureForm, credentials: CaptureCredentials, definitions: readonly PipelineDefinition[], allowElements: readonly string[]): Omit<SupervisorOptions, 'source'> {
  const definition = definitions.find(({ id }) => id === form.pipeline)
  if (definition === undefined) throw new GoodpartsError('GOODPARTS_PIPELINE_INVALID', `Expected a pipeline of ${definitions.map(({ id }) => id).join(', ')}, got ${form.pipeline}`)
  const secrets = definition.parameters.filter(({ type }) => type === 'secret').map(({ name }) => [name, credentials[name as keyof CaptureCredentials]])
  const { output, given, endOfStream, watchdogSeconds } = readAll({
    output: () => readOutput(form),
    given: () => {
      const values = { ...knownOnly(definition, form.parameters), ...Object.fromEntries(secrets) as Record<string, unknown> }
      readParameters(definition, values)
      return values
    },
    endOfStream: () => choice('the end of the stream', form.endOfStream, ['stop', 'loop', 'hold']),
    watchdogSeconds: () => number('the watchdog time', form.watchdog) ?? 5
  })
  return {
    plan: compilePipeline(definition, given, output, { allowElements }),
    endOfStream: endOfStream ?? definition.endOfStream,
    watchdogSeconds
  }
}

/** Values of another pipeline stay in the form when its choice changes. */
function knownOnly (definition: PipelineDefinition, parameters: Record<string, unknown> | null | undefined): Record<string, unknown> {
  if (parameters === null || parameters === undefined) return {}
  if (typeof parameters !== 'object') throw new GoodpartsError('GOODPARTS_PIPELINE_PARAMETER', `Expected the parameters to be an object, got ${shown(parameters)}`)
  return Object.fromEntries(definition.parameters.filter(({ name, type }) => type !== 'secret' && Object.hasOwn(parameters, name)).map(({ name }) => [name, parameters[name]]))
}

function readOutput (form: CaptureForm): CaptureOutput {
  const { left, top, right, bottom, policy, channels, ...size } = readAll({
    policy: () => choice('the policy', form.policy, ['newest', 'every']),
    channels: () => choice('the channels', form.channels, ['1', '3']),
    width: () => number('the width', form.width) ?? null,
    height: () => number('the height', form.height) ?? null,
    maximumRate: () => number('the frame rate', form.maximumRate) ?? null,
    left: () => number('crop left', form.cropLeft) ?? 0,
    top: () => number('crop top', form.cropTop) ?? 0,
    right: () => number('crop right', form.cropRight) ?? 0,
    bottom: () => number('crop bottom', form.cropBottom) ?? 0
  })
  return {
    ...size,
    channels: channels === '1' ? 1 : 3,
    crop: { left, top, right, bottom },
    triggered: form.triggered,
    ...policy === undefined ? {} : { policy }
  }
}

function number (name: string, text: string | number | null | undefined): number | undefined {
  if (text === undefined || text === null || text === '') return undefined
  return readNumber(name, text, { code: 'GOODPARTS_PIPELINE_PARAMETER' })
}

/** `undefined` where the pipeline decides. */
function choice<Choice extends string> (name: string, given: unknown, choices: readonly Choice[]): Choice | undefined {
  const text = readText(name, given)
  if (text === '' || text === 'auto') return undefined
  const found = choices.find((one) => one === text)
  if (found === undefined) throw new GoodpartsError('GOODPARTS_PIPELINE_PARAMETER', `Expected ${name} to be auto or one of ${choices.join(', ')}, got ${shown(given)}`)
  return found
}

export type Command = 'start' | 'stop' | 'restart' | 'trigger' | PropertyValue

/** What a control message asks for. @throws GOODPARTS_ARGUMENT */
export function readCommand (payload: unknown): Command {
  if (payload === 'start' || payload === 'stop' || payload === 'restart' || payload === 'trigger') return payload
  if (typeof payload === 'object' && payload !== null) {
    const { element, property, value } = payload as Record<string, unknown>
    const isValue = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    if (typeof element === 'string' && typeof property === 'string' && isValue) return { element, property, value }
  }
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected msg.payload to be start, stop, restart, trigger or { element, property, value }, got ${shown(payload)}`)
}
