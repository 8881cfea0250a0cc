import { describe, expect, test } from 'vitest'
import { readKafkaInForm, recordToMessage } from '../../../nodes/kafka-in/settings.ts'

const record = { topic: 'labels', partition: 0, offset: '7', key: 'line-1', headers: { source: 'mes' }, time: '2026-01-01T00:00:00.000Z' }
const of = (value: unknown) => ({ ...record, value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)) })
const envelope = { topic: 'labels', kafka: { partition: 0, offset: '7', key: 'line-1', headers: { source: 'mes' }, time: '2026-01-01T00:00:00.000Z' } }

describe('the form of a Kafka in node', () => {
  const form = { topic: 'labels', group: '', from: 'earliest', content: 'label' }

  test('has a group of its own where none is given, and several topics by commas', () => {
    expect(readKafkaInForm({ ...form, topic: 'a, b' }, 'n1')).toEqual({ topics: ['a', 'b'], group: 'goodparts-n1', from: 'earliest', content: 'label' })
  })

  test.each([['no topic', { topic: ' , ' }], ['a topic with a blank', { topic: 'two words' }], ['an unknown place to begin', { from: 'yesterday' }], ['an unknown content', { content: 'xml' }]])('refuses %s', (_what, changes) => {
    expect(() => readKafkaInForm({ ...form, ...changes }, 'n1')).toThrow(/Expected/)
  })
})

describe('a record of Kafka as a message', () => {
  test('is a picture and its label, with what else is known of the part', () => {
    const picture = Buffer.from([1, 2, 3])

    expect(recordToMessage(of({ label: 'scratch', picture: picture.toString('base64'), product: 'plate', partId: '17', colour: 'ignored' }), 'label'))
      .toEqual({ ...envelope, label: 'scratch', product: 'plate', partId: '17', wordId: 'labels/0/7', payload: picture })
  })

  test('may name an inspected part in place of a picture', () => {
    expect(recordToMessage(of({ label: 'good', eventId: 'line-1-5', line: 'line-1', product: null }), 'label')).toEqual({ ...envelope, label: 'good', eventId: 'line-1-5', line: 'line-1', wordId: 'labels/0/7', payload: null })
  })

  test('is read in no time, however long and odd it is', () => {
    expect(() => recordToMessage(of({ label: 'good', picture: `A${' '.repeat(1_000_000)}!` }), 'label')).toThrow(/base64/)
  }, 2000)

  test.each([
    ['no JSON', '{"label":'],
    ['no object', '"scratch"'],
    ['no label', { picture: 'AQID' }],
    ['an empty label', { label: ' ', picture: 'AQID' }],
    ['a picture that is no base64', { label: 'good', picture: 'hello, world' }],
    ['neither picture nor part', { label: 'good' }],
    ['a part id that is a number', { label: 'good', picture: 'AQID', partId: 17 }]
  ])('says where %s stands', (_what, value) => {
    expect(() => recordToMessage(of(value), 'label')).toThrow(/record 7 of partition 0 of labels/)
  })

  test('is JSON, text or bytes as the form says, and null where only the key is gone', () => {
    expect(recordToMessage(of({ count: 3 }), 'json').payload).toEqual({ count: 3 })
    expect(recordToMessage(of('caf\u00e9'), 'text').payload).toBe('caf\u00e9')
    expect(recordToMessage(of('abc'), 'binary').payload).toEqual(Buffer.from('abc'))
    expect(recordToMessage({ ...record, value: null }, 'label')).toEqual({ ...envelope, payload: null })
  })
})
