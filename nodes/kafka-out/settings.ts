/** The form of a Kafka out node, checked; a message as a record; a state as a status. */
import { resolve } from 'node:path'
import { GoodpartsError } from '../../engine/errors.ts'
import { inspectionMessage, type PublisherState } from '../../engine/publish/publisher.ts'
import { readAll } from '../../engine/read-all.ts'
import { validate } from '../../engine/schema-validation.ts'
import type { SpoolRecord } from '../../engine/store/spool-table.ts'
import { readChoice, readNumber, readText, readWhole, shown } from '../shared/form-values.ts'

export interface KafkaOutForm {
  /** `kafka`, or `file`: lines of JSON in place of a broker. */
  sink: string
  topic: string
  /** Property of the message; blank: the inspection's line. */
  key: string
  /** Property of the message; `inspection` is checked against the schema. */
  value: string
  /** For `file`: absolute, or within Node-RED's user directory; blank: `goodparts/inspections.ndjson`. */
  path: string
  /** Absolute, or within Node-RED's user directory; blank: `goodparts/spool`. */
  spoolFolder: string
  maximumRecords: string | number
  /** MB. */
  maximumSize: string | number
}

export interface KafkaOutSettings {
  sink: 'kafka' | 'file'
  topic: string
  key: string
  value: string
  path: string
  spool: { path: string, maximumRecords: number, maximumBytes: number }
}

/** Reads a property by its path, as Node-RED does. */
export type Property = (path: string) => unknown

/** @throws GOODPARTS_ARGUMENT, all wrong fields at once */
export function readKafkaOutForm (form: Partial<KafkaOutForm>, id: string, userDir: string): KafkaOutSettings {
  const { sink, topic, value, path, folder, maximumRecords, maximumBytes, key } = readAll({
    sink: () => readChoice('the sink', form.sink ?? '', ['kafka', 'file']),
    topic: () => readTopic(form),
    key: () => readText('the key', form.key),
    value: () => readText('the value', form.value),
    path: () => readText('the path', form.path),
    folder: () => readText('the spool’s folder', form.spoolFolder),
    maximumRecords: () => readWhole('the spool’s limit of records', form.maximumRecords ?? '', { least: 1 }),
    maximumBytes: () => readNumber('the spool’s size in MB', form.maximumSize ?? '', { least: 0.01 }) * 1024 ** 2
  })
  return {
    sink,
    topic,
    key,
    value: value || 'inspection',
    path: resolve(userDir, path || 'goodparts/inspections.ndjson'),
    spool: { path: resolve(userDir, folder || 'goodparts/spool', `${id}.sqlite`), maximumRecords, maximumBytes }
  }
}

/** A file has none. */
function readTopic ({ sink, topic: given }: Partial<KafkaOutForm>): string {
  const topic = readText('topic', given)
  if (sink !== 'file' && !/^[a-zA-Z0-9._-]{1,249}$/.test(topic)) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected topic to be 1 to 249 letters, digits, dots, dashes and underscores, got ${shown(topic)}`)
  return topic
}

/** @throws GOODPARTS_SCHEMA_INVALID for an invalid inspection, GOODPARTS_ARGUMENT for a value or key that is no JSON or text */
export function messageToRecord (property: Property, { topic, key, value }: KafkaOutSettings): SpoolRecord {
  const content = property(value)
  if (value === 'inspection') {
    const record = validate('inspection', content)
    return inspectionMessage(record, topic, key === '' ? record.line : textKey(property(key), key))
  }
  const text = JSON.stringify(content) as string | undefined
  if (text === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected msg.${value} to be JSON, got ${typeof content}`)
  return { topic, key: key === '' ? null : textKey(property(key), key), value: text, stampPath: null }
}

/** Kind and text key of a status; `cause`: why the file cannot be written, in few words. */
export function statusOf ({ connection, waiting, refusing, error }: PublisherState, sink: 'kafka' | 'file'): { kind: 'busy' | 'running' | 'degraded' | 'stopped' | 'failed', text: string, cause?: string } {
  if (connection === 'closed') return { kind: 'stopped', text: 'stopped' }
  if (refusing !== null) return { kind: 'failed', text: refusing.code === 'GOODPARTS_SPOOL_FULL' ? 'spoolFull' : 'spoolFailed' }
  if (error?.code.startsWith('GOODPARTS_SPOOL') === true) return { kind: 'failed', text: 'spoolFailed' }
  if (connection === 'unreachable' && sink === 'file') return { kind: 'failed', text: 'noFile', cause: fewWords(error) }
  if (connection === 'unreachable') return waiting > 0 ? { kind: 'degraded', text: 'spooling' } : { kind: 'failed', text: 'noBroker' }
  if (connection === 'connecting') return { kind: 'busy', text: 'connecting' }
  return { kind: 'running', text: sink === 'file' ? 'writing' : 'connected' }
}

/** The file system's own words, without the path that follows them. */
function fewWords (error: GoodpartsError | null): string {
  const { message } = error?.cause instanceof Error ? error.cause : error ?? { message: '' }
  return message.split(', ')[0] ?? message
}

function textKey (key: unknown, path: string): string {
  if (typeof key === 'string' || typeof key === 'number') return String(key)
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected msg.${path} to be a text or a number for the key, got ${key === null ? 'null' : typeof key}`)
}
