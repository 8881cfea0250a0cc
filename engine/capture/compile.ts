/** A pipeline's definition and the values for it to a plan that a capture process can run. */
import type { PipelineDefinition } from '../../schemas/pipeline.ts'
import { GoodpartsError } from '../errors.ts'
import { checkElements } from './allowed-elements.ts'
import { checkWrittenProperties, RESERVED_NAMES } from './allowed-properties.ts'
import { feedPlan } from './feed-plan.ts'
import type { CapturePlan, PropertyValue } from './host-protocol.ts'
import { factoriesOf, formatLaunch, namesOf, parseLaunch } from './launch-text.ts'
import { takeSecrets } from './launch-secrets.ts'
import { readParameters, type GivenParameters, type ParameterValue } from './parameters.ts'
import { PLACEHOLDER } from './pipelines.ts'

export interface CaptureOutput {
  /** Pixels; with one of the two the other keeps the aspect, with neither the source's size stays. */
  width?: number | null
  height?: number | null
  /** 1 = grey, 3 = RGB. Default 3. */
  channels?: 1 | 3
  /** Pixels cut off at each side, before scaling. */
  crop?: { left: number, top: number, right: number, bottom: number }
  /** Frames per second at most, whole. */
  maximumRate?: number | null
  /** Default `newest` for live sources, `every` for others. */
  policy?: 'newest' | 'every'
  /** Only when asked. Default false. */
  triggered?: boolean
  /** `clock`: at the pace that a recording was made at; `free`: as fast as it is taken. Live sources are always free. Default `clock`. */
  pace?: 'clock' | 'free'
}

export interface CompileOptions {
  /** Elements that custom launch text may use beyond the usual. */
  allowElements?: readonly string[]
}

/** @throws GOODPARTS_PIPELINE_PARAMETER, GOODPARTS_PIPELINE_INVALID */
export function compilePipeline (definition: PipelineDefinition, given: GivenParameters, output: CaptureOutput = {}, options: CompileOptions = {}): CapturePlan {
  const values = readParameters(definition, given)
  const feed = feedPlan(definition, values, output)
  const triggered = output.triggered ?? false
  const asked = output.policy ?? (definition.live ? 'newest' : 'every')
  // A source that can wait loses nothing to a trigger: each one brings the next picture.
  const policy = triggered && !definition.live ? 'every' : asked
  const sync = feed === null ? !definition.live && output.pace !== 'free' : feed.rate !== null
  const secrets: PropertyValue[] = []
  const source = definition.launch.replace(PLACEHOLDER, (_, name: string) => placed(definition, name, values, options, secrets))
  return {
    launch: `${source} ! ${tail(output, { drop: policy === 'newest' && definition.live, sync, rateLimit: feed === null })}`,
    properties: [...properties(definition, values), ...secrets],
    channels: output.channels ?? 3,
    policy,
    triggered,
    live: definition.live,
    feed,
    paths: definition.parameters.filter(({ type }) => type === 'path').flatMap(({ name }) => values.has(name) ? [String(values.get(name))] : [])
  }
}

function properties (definition: PipelineDefinition, values: ReadonlyMap<string, ParameterValue>): PropertyValue[] {
  return definition.parameters.flatMap(({ name, set }) => {
    const value = values.get(name)
    return set === undefined || value === undefined ? [] : [{ element: set.element, property: set.property, value }]
  })
}

function placed (definition: PipelineDefinition, name: string, values: ReadonlyMap<string, ParameterValue>, options: CompileOptions, secrets: PropertyValue[]): string {
  const value = values.get(name)
  const parameter = definition.parameters.find((candidate) => candidate.name === name)
  if (value === undefined || parameter === undefined) throw new GoodpartsError('GOODPARTS_PIPELINE_PARAMETER', `Expected parameter ${name} to be given, got nothing`)
  if (parameter.type !== 'launch') return String(value)
  const { text, properties } = customLaunch(String(value), values, options)
  secrets.push(...properties)
  return text
}

function customLaunch (text: string, values: ReadonlyMap<string, ParameterValue>, { allowElements = [] }: CompileOptions): { text: string, properties: PropertyValue[] } {
  const launch = parseLaunch(text)
  checkElements(factoriesOf(launch), allowElements)
  checkWrittenProperties(launch.flat().flatMap((part) => 'factory' in part ? part.properties.map(([property]) => property) : []))
  const reserved = namesOf(launch).find((name) => RESERVED_NAMES.includes(name))
  if (reserved !== undefined) throw new GoodpartsError('GOODPARTS_PIPELINE_INVALID', `Expected names other than ${RESERVED_NAMES.join(' and ')}, got name=${reserved}`)
  const properties = takeSecrets(launch, values)
  return { text: formatLaunch(launch), properties }
}

/** What every pipeline ends in. A few pictures may wait in the appsink; the capture process takes them at once. */
function tail (output: CaptureOutput, { drop, sync, rateLimit }: { drop: boolean, sync: boolean, rateLimit: boolean }): string {
  const { left, top, right, bottom } = output.crop ?? { left: 0, top: 0, right: 0, bottom: 0 }
  const whole = (name: string, value: number, minimum: number): number => {
    if (!Number.isInteger(value) || value < minimum || value > 65_535) throw new GoodpartsError('GOODPARTS_PIPELINE_PARAMETER', `Expected ${name} to be a whole number from ${minimum} to 65535, got ${value}`)
    return value
  }
  const sides = [['left', left], ['top', top], ['right', right], ['bottom', bottom]] as const
  const crop = sides.some(([, value]) => value !== 0) ? [`videocrop ${sides.map(([side, value]) => `${side}=${whole(`crop ${side}`, value, 0)}`).join(' ')}`] : []
  const rate = output.maximumRate
  const limit = rateLimit && rate !== undefined && rate !== null ? [`videorate drop-only=true max-rate=${whole('the frame rate', rate, 1)}`] : []
  const size = [['width', output.width], ['height', output.height]] as const
  const caps = ['video/x-raw', `format=${output.channels === 1 ? 'GRAY8' : 'RGB'}`, ...size.flatMap(([name, value]) => value === undefined || value === null ? [] : [`${name}=${whole(name, value, 1)}`])]
  // Square pixels: without this, a size of another aspect would be told as pixels that are not square, and nothing scaled.
  if (caps.length > 2) caps.push('pixel-aspect-ratio=1/1')
  return [
    ...crop, ...limit, 'videoscale add-borders=false', 'videoconvert', `capsfilter caps="${caps.join(',')}"`,
    `appsink name=sink max-buffers=4 drop=${drop} sync=${sync} enable-last-sample=false`
  ].join(' ! ')
}
