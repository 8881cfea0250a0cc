/** The demo's flow: the example as shipped, with what the command line asks for written into its nodes. Pure. */
import { GoodpartsError } from '../../engine/errors.ts'
import type { PlayedSource } from './source.ts'

export type FlowNode = Record<string, unknown> & { id: string, type: string }

export interface DemoChoices {
  /** `HOST:PORT`, or `null` for a file. */
  kafka: string | null
  /** Where records go without Kafka. */
  recordsFile: string
  /** Own pictures: a folder of good parts to learn from, and what to inspect. */
  source: { goodFolder: string, played: PlayedSource, name: string } | null
}

/** @throws GOODPARTS_ARGUMENT when the flow lacks a node that has to be changed. */
export function demoFlow (example: readonly FlowNode[], choices: DemoChoices): FlowNode[] {
  const flow = structuredClone([...example])
  const only = (type: string): FlowNode => {
    const node = flow.find((candidate) => candidate.type === type)
    if (node === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the example to have a node ${type}, got none`)
    return node
  }
  const records = only('goodparts-kafka-out')
  if (choices.kafka === null) Object.assign(records, { sink: 'file', path: choices.recordsFile })
  else {
    flow.push({ id: 'demo-broker', type: 'goodparts-kafka-broker', name: '', brokers: choices.kafka, clientId: 'goodparts-demo', useTls: false, tls: '', mechanism: 'none' })
    Object.assign(records, { sink: 'kafka', broker: 'demo-broker' })
  }
  if (choices.source !== null) playOwn(flow, only, choices.source)
  return flow
}

function playOwn (flow: FlowNode[], only: (type: string) => FlowNode, { goodFolder, played, name }: NonNullable<DemoChoices['source']>): void {
  const fit = only('goodparts-fit')
  Object.assign(only('goodparts-capture'), { pipeline: played.pipeline, parameters: played.parameters, endOfStream: played.endOfStream === '' ? 'auto' : played.endOfStream, source: name, channels: '3' })
  Object.assign(only('goodparts-model'), { name, bundle: `${name}.onnx` })
  Object.assign(fit, { name: 'learn', begin: 'manual' })
  Object.assign(only('tab'), { label: name, info: '' })
  Object.assign(only('comment'), { name: `Learns from a folder of good parts, then inspects ${name}`, info: goodFolder })
  for (const type of ['goodparts-score', 'goodparts-live']) only(type).line = name
  const again = flow.find((node) => node.type === 'inject' && (node.props as Array<{ p: string }>).some(({ p }) => p === 'fit'))
  if (again === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected the example to have an inject node that begins the fit, got none')
  Object.assign(again, {
    name: 'learn again',
    props: [{ p: 'payload', v: JSON.stringify({ folder: goodFolder }), vt: 'json' }],
    once: true,
    onceDelay: 1,
    wires: [[fit.id]]
  })
}
