import { describe, expect, it } from 'vitest'
import { GoodpartsError } from '../../../engine/errors.ts'
import { messageToRecord, readKafkaOutForm, statusOf } from '../../../nodes/kafka-out/settings.ts'
import { inspection } from '../../publish/fixtures.ts'

const form = { sink: 'kafka', topic: 'inspections', key: '', value: '', path: '', spoolFolder: '', maximumRecords: '10', maximumSize: '2' }
const settings = readKafkaOutForm(form, 'n1', '/user')

describe('readKafkaOutForm', () => {
  it('fills in the places in the user directory', () => {
    expect(settings).toEqual({ sink: 'kafka', topic: 'inspections', key: '', value: 'inspection', path: '/user/goodparts/inspections.ndjson', spool: { path: '/user/goodparts/spool/n1.sqlite', maximumRecords: 10, maximumBytes: 2 * 1024 ** 2 } })
  })

  it('takes a relative file and spool folder as within the user directory, wherever Node-RED was started', () => {
    expect(readKafkaOutForm({ ...form, path: 'records/today.ndjson', spoolFolder: 'spool' }, 'n1', '/user')).toMatchObject({ path: '/user/records/today.ndjson', spool: { path: '/user/spool/n1.sqlite' } })
    expect(readKafkaOutForm({ ...form, path: '/data/today.ndjson', spoolFolder: ' /data/spool ' }, 'n1', '/user')).toMatchObject({ path: '/data/today.ndjson', spool: { path: '/data/spool/n1.sqlite' } })
    expect(readKafkaOutForm({ ...form, path: ' ', spoolFolder: ' ' }, 'n1', '/user')).toEqual(settings)
  })

  it.each([
    [{ sink: 'mqtt' }, 'sink'],
    [{ topic: '' }, 'topic'],
    [{ topic: 'ä' }, 'topic'],
    [{ maximumRecords: '0' }, 'records'],
    [{ maximumSize: 'large' }, 'size']
  ])('refuses %j', (changes, name) => {
    expect(() => readKafkaOutForm({ ...form, ...changes }, 'n1', '/user')).toThrow(name)
  })
})

describe('messageToRecord', () => {
  const from = (msg: Record<string, unknown>) => (path: string): unknown => msg[path]

  it('keys an inspection by its line, or by the property named', () => {
    const msg = { inspection: inspection(0, 'line-7'), cell: 12, part: null }

    expect(messageToRecord(from(msg), settings)).toEqual({ topic: 'inspections', key: 'line-7', value: JSON.stringify(msg.inspection), stampPath: '$.times.published' })
    expect(messageToRecord(from(msg), { ...settings, key: 'cell' }).key).toBe('12')
    expect(() => messageToRecord(from(msg), { ...settings, key: 'part' })).toThrow('Expected msg.part to be a text or a number for the key, got null')
  })

  it('takes any other property as JSON, without a key unless one is named', () => {
    expect(messageToRecord(from({ payload: [1, 'two'] }), { ...settings, value: 'payload' })).toEqual({ topic: 'inspections', key: null, value: '[1,"two"]', stampPath: null })
    expect(() => messageToRecord(from({}), { ...settings, value: 'payload' })).toThrow('Expected msg.payload to be JSON, got undefined')
  })
})

describe('statusOf', () => {
  const state = { connection: 'connected', waiting: 0, error: null, refusing: null } as const
  const away = new GoodpartsError('GOODPARTS_KAFKA_UNAVAILABLE', 'away')
  const full = new GoodpartsError('GOODPARTS_SPOOL_FULL', 'full')
  const broken = new GoodpartsError('GOODPARTS_SPOOL_FAILED', 'broken')

  it.each([
    [{ ...state, connection: 'connecting' as const }, 'busy', 'connecting'],
    [state, 'running', 'connected'],
    [{ ...state, connection: 'unreachable' as const, error: away }, 'failed', 'noBroker'],
    [{ ...state, connection: 'unreachable' as const, error: away, waiting: 7 }, 'degraded', 'spooling'],
    [{ ...state, refusing: full }, 'failed', 'spoolFull'],
    [{ ...state, refusing: broken }, 'failed', 'spoolFailed'],
    [{ ...state, connection: 'unreachable' as const, error: broken }, 'failed', 'spoolFailed'],
    [{ ...state, connection: 'closed' as const, refusing: full }, 'stopped', 'stopped']
  ])('%#: tells what matters most', (given, kind, text) => {
    expect(statusOf(given, 'kafka')).toEqual({ kind, text })
  })

  it('says in few words why a file cannot be written, also while records wait', () => {
    const error = new GoodpartsError('GOODPARTS_KAFKA_UNAVAILABLE', 'Expected /data to be writable', { cause: new Error("EISDIR: illegal operation on a directory, open '/data'") })
    expect(statusOf({ ...state, connection: 'unreachable', error, waiting: 36 }, 'file')).toEqual({ kind: 'failed', text: 'noFile', cause: 'EISDIR: illegal operation on a directory' })
  })
})
