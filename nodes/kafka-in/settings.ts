/** The form of a Kafka in node, checked; a record as a message; a state as a status. */
import { GoodpartsError } from '../../engine/errors.ts'
import type { IncomingRecord, ReaderOptions } from '../../engine/publish/kafka-client.ts'
import { readAll } from '../../engine/read-all.ts'
import { readChoice, readText, shown } from '../shared/form-values.ts'

export interface KafkaInForm {
  /** Several by commas. */
  topic: string
  /** Blank: one of this node's own. */
  group: string
  /** Where a group begins that has read nothing yet. */
  from: string
  /** What a record's value holds. */
  content: string
}

const contents = ['label', 'json', 'text', 'binary'] as const
export type Content = typeof contents[number]

export interface KafkaInSettings extends ReaderOptions {
  content: Content
}

/** What comes of a record beside `topic` and `payload`. */
export interface KafkaMessage {
  topic: string
  payload: unknown
  kafka: Pick<IncomingRecord, 'partition' | 'offset' | 'key' | 'headers' | 'time'>
  [property: string]: unknown
}

/** @throws GOODPARTS_ARGUMENT, all wrong fields at once */
export function readKafkaInForm (form: Partial<KafkaInForm>, id: string): KafkaInSettings {
  return readAll({
    topics: () => readTopics(form.topic),
    group: () => readText('the group', form.group) || `goodparts-${id}`,
    from: () => readChoice('where to begin', form.from ?? '', ['latest', 'earliest']),
    content: () => readChoice('the content', form.content ?? '', contents)
  })
}

function readTopics (given: unknown): string[] {
  const topics = readText('topic', given).split(',').map((topic) => topic.trim()).filter((topic) => topic !== '')
  const odd = topics.length === 0 ? '' : topics.find((topic) => !/^[a-zA-Z0-9._-]{1,249}$/.test(topic))
  if (odd !== undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected topic to be 1 to 249 letters, digits, dots, dashes and underscores, got ${shown(odd)}`)
  return topics
}

/** @throws GOODPARTS_ARGUMENT for a value that is not what the form says, naming its place in the topic. */
export function recordToMessage (record: IncomingRecord, content: Content): KafkaMessage {
  const { topic, value, partition, offset, key, headers, time } = record
  const envelope = { topic, kafka: { partition, offset, key, headers, time } }
  if (value === null) return { ...envelope, payload: null }
  if (content === 'binary') return { ...envelope, payload: value }
  if (content === 'text') return { ...envelope, payload: value.toString() }
  const json = parse(value, record)
  return content === 'json' ? { ...envelope, payload: json } : { ...envelope, ...labelOf(json, record) }
}

/** The properties that a replay buffer and an image in node read; everything else of the value is left out. */
function labelOf (json: unknown, record: IncomingRecord): { payload: unknown, label: string, wordId: string } {
  const { picture, label, ...said } = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>
  if (typeof label !== 'string' || label.trim() === '') throw unfit(record, `a label to be good or the type of a defect, got ${label === undefined ? 'none' : JSON.stringify(label)}`)
  if (picture !== undefined && !isBase64(picture)) throw unfit(record, 'picture to be a JPEG, PNG, WebP or TIFF in base64')
  const kept = Object.fromEntries(['product', 'partId', 'eventId', 'line', 'by'].flatMap((name) => {
    const text = said[name]
    if (text === undefined || text === null) return []
    if (typeof text !== 'string') throw unfit(record, `${name} to be a text, got ${JSON.stringify(text)}`)
    return [[name, text]]
  }))
  if (picture === undefined && kept['eventId'] === undefined) throw unfit(record, 'a picture or an eventId, got neither')
  // The same record, delivered again, is the same word.
  return { ...kept, label, wordId: `${record.topic}/${record.partition}/${record.offset}`, payload: picture === undefined ? null : Buffer.from(picture, 'base64') }
}

/** With line breaks or without. */
function isBase64 (given: unknown): given is string {
  return typeof given === 'string' && /^[A-Za-z0-9+/]+={0,2}$/.test(given.replaceAll(/\s+/g, ''))
}

function parse (value: Buffer, record: IncomingRecord): unknown {
  try {
    return JSON.parse(value.toString()) as unknown
  } catch (error) {
    throw unfit(record, `the value to be JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function unfit ({ topic, partition, offset }: IncomingRecord, expected: string): GoodpartsError {
  return new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${expected} (record ${offset} of partition ${partition} of ${topic})`)
}
